#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <evenkeel/plugin.h>

#include "core/json/json.hpp"
#include "core/plugin/isolation.hpp"
#include "core/plugin/package.hpp"
#include "core/plugin/remote/child_process.hpp"
#include "core/plugin/remote/remote_tables.hpp"
#include "core/plugin/remote/restarts.hpp"
#include "core/plugin/remote/turn.hpp"
#include "core/plugin/until.hpp"

namespace evenkeel::plugin {

// A plugin in a process of its own, as a module of the ABI: who calls its functions calls the
// plugin, which need not be known to be elsewhere. The process is started again when it has ended,
// after a pause and not for ever; instances are opened again by themselves, watches are lost. [any]
class RemotePlugin {
  public:
    // Starts it and verifies what it says that it serves. `host` is what the plugin is given, and
    // outlives this.
    static Result<std::shared_ptr<RemotePlugin>> start(Package package, const ek_host& host,
                                                       Isolation isolation, bool accept_own_user);
    ~RemotePlugin();
    RemotePlugin(const RemotePlugin&) = delete;
    RemotePlugin& operator=(const RemotePlugin&) = delete;

    // As long as this.
    const ek_module* module() const { return &module_; }
    const std::string& name() const { return service_.package.name; }
    const std::string& sha256() const { return service_.package.sha256; }
    const Package& package() const { return service_.package; }
    std::chrono::milliseconds grace() const { return isolation_.grace; }

    // The process, which is started if there is none. Waits for that.
    Result<std::shared_ptr<ChildProcess>> process(const Until& until);
    // For an instance.
    std::uint32_t next_number() { return ++numbers_; }

    // Ends a process that works without being called, so that it is started again. Cheap; for who
    // wakes up now and then anyway.
    void look() const;
    // Gives it another chance after it was held.
    void release();
    // {"pid","restarts","last_end","user","notes"} for people; a note says what nothing keeps it
    // from, or what it cannot do.
    json::Value describe() const;

  private:
    RemotePlugin(Package package, const ek_host& host, Isolation isolation);
    Result<void> prepare(bool accept_own_user);
    void take_notes(const std::vector<std::string>& notes, bool say);
    void build_tables();
    // As process(), and not longer than its patience.
    Result<std::shared_ptr<ChildProcess>> start_process(const Until& until);
    // In a turn. Null when it has ended at once, which is noted.
    Result<std::shared_ptr<ChildProcess>> start_again(const Until& until);
    std::shared_ptr<ChildProcess> last_run() const;  // may have ended
    std::shared_ptr<ChildProcess> running() const;   // null: there is none
    void note_ending(const std::string& how);

    Service service_;
    const ek_host& host_;
    const Isolation isolation_;
    Fd data_dir_;
    std::vector<std::string> notes_;  // as long as this, once it is started
    Tables tables_;
    std::vector<RemoteTable> collections_;
    std::vector<const ek_collection*> collection_pointers_;
    ek_module module_{};
    std::atomic<std::uint32_t> numbers_{0};

    Turns starts_;
    mutable std::mutex mutex_;  // guards what follows
    std::shared_ptr<ChildProcess> child_;
    Restarts restarts_;
    std::uint64_t not_before_ns_ = 0;
    unsigned started_ = 0;
    std::string last_end_, held_;
};

}  // namespace evenkeel::plugin
