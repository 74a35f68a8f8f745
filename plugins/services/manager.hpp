#pragma once

#include <optional>
#include <string>
#include <vector>

#include "plugins/services/bus.hpp"
#include "plugins/services/unit.hpp"

namespace evenkeel::services {

// What systemd's manager does for this collection, over one connection and inside one call. Units
// are named in full. Everything throws sdk::Failure with systemd's words. [worker]
class Manager {
  public:
    explicit Manager(const sdk::Call& call) : call_(call), bus_(call) {}

    // One for each name, in that order, all in one question and those that details need side by
    // side. An alias gives the unit behind it; a name that nothing is known of gives one that is
    // not there.
    std::vector<Unit> look(const std::vector<std::string>& names) const;
    // Every service that is loaded or has a unit file; templates and aliases are none. Asks systemd
    // to read its folders (100 ms and more): not for a hot path.
    std::vector<std::string> names() const;

    void enable(const std::string& unit) const;
    void disable(const std::string& unit) const;
    void mask(const std::string& unit) const;
    void unmask(const std::string& unit) const;
    // As systemctl daemon-reload; returns when it is done.
    void reload() const;
    // Reloads if the unit's files are newer than what systemd has read of them.
    void reload_if_stale(const Unit& unit) const;

    // Starts, stops, ... the unit and waits for the end of the job. `method` is "StartUnit" or one
    // of its kin, `verb` the word for it: "start".
    void run_job(const char* method, const char* verb, const std::string& unit) const;
    // The unit when no job brings it up any more; EK_E_BUSY if one still does at the deadline.
    Unit settled(const std::string& unit) const;

  private:
    std::vector<Unit> list_by_names(const std::vector<std::string>& names) const;
    void add_details(Unit* first, Unit* last) const;
    void change_files(const char* method, const std::string& unit, const std::string& doing,
                      std::initializer_list<bool> flags) const;
    [[noreturn]] void job_failed(const char* verb, const std::string& unit,
                                 const std::string& result) const;

    const sdk::Call& call_;
    Bus bus_;
};

}  // namespace evenkeel::services
