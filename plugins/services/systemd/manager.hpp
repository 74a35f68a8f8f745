#pragma once

#include <string>
#include <vector>

#include "plugins/services/systemd/bus.hpp"
#include "plugins/services/systemd/properties.hpp"
#include "plugins/services/systemd/start_limit.hpp"
#include "plugins/services/systemd/unit.hpp"

namespace evenkeel::services {

// The calls of systemd's manager that this collection uses, over one connection and inside one
// call. Units are named in full. Everything throws sdk::Failure with systemd's words. [worker]
class Manager {
  public:
    explicit Manager(const sdk::Call& call) : call_(call), bus_(call) {}

    // One for each name, in that order. One request for all of them, then two for each, sent
    // without waiting for the replies. An alias gives the unit behind it; an unknown name gives one
    // that does not exist.
    std::vector<Unit> units(const std::vector<std::string>& names) const;
    Unit unit(const std::string& name) const;
    // Every service that is loaded or has a unit file; templates and aliases are none. systemd
    // reads its folders for it (100 ms and more): not for a hot path.
    std::vector<std::string> names() const;

    void enable(const std::string& unit) const;
    void disable(const std::string& unit) const;
    void mask(const std::string& unit) const;
    void unmask(const std::string& unit) const;
    // As systemctl daemon-reload; returns when systemd has read its units.
    void reload() const;
    // Reloads if the unit's files on disk are not what systemd has loaded, which it does not notice
    // itself where a folder of drop-ins is new, or a file outweighs the loaded one.
    void reload_if_stale(const std::string& unit) const;

    // Of each unit, in that order: what the interface org.freedesktop.systemd1.Unit says, and
    // Result. Loads units that are not loaded yet.
    std::vector<Properties> properties(const std::vector<std::string>& units) const;
    // Folders of unit files, the first outweighing the others.
    std::vector<std::string> unit_path() const;

    // Makes systemd forget that the unit failed and how often it was started of late.
    void reset_failed(const std::string& unit) const;
    // For a start that nobody orders: EK_E_BUSY with the time to wait when it would use up the
    // unit's start limit.
    void require_start_allowed(const std::string& unit) const;

    // Starts, stops, ... the unit and waits for the end of the job. `method` is "StartUnit" or one
    // of its kin, `verb` the word for it: "start". The failure has the service's own last words.
    void run_job(const char* method, const char* verb, const std::string& unit) const;
    // `failure`, which is about how the unit runs, with the last lines of its journal, its start
    // limit where that was met, and for how long to leave it alone.
    sdk::Failure explained(sdk::Failure failure, const std::string& hint, const std::string& unit,
                           const StartLimit& limit) const;
    StartLimit start_limit(const std::string& unit) const;
    // The unit once no job starts it any more; EK_E_BUSY if one still does at the deadline.
    Unit settled_unit(const std::string& name) const;

  private:
    std::vector<Unit> list_by_names(const std::vector<std::string>& names) const;
    void add_details(Unit* first, Unit* last) const;
    void change_files(const char* method, const std::string& unit, const std::string& action,
                      std::initializer_list<bool> flags) const;
    // `started_us`: the unit's last start before the job.
    [[noreturn]] void job_failed(const char* verb, const std::string& unit,
                                 const std::string& result, std::uint64_t started_us) const;
    Properties manager_properties() const;

    const sdk::Call& call_;
    Bus bus_;
};

}  // namespace evenkeel::services
