#pragma once

#include <memory>
#include <string>

#include <evenkeel/plugin.h>

#include "core/plugin/channel/records.hpp"
#include "core/plugin/remote/exchange.hpp"
#include "core/plugin/remote/remote_plugin.hpp"
#include "core/plugin/remote/turn.hpp"

namespace evenkeel::plugin {

// An instance in a plugin's process: what an ek_instance of its tables points to. It is opened
// again by itself in the process that comes after one that has ended.
class RemoteInstance {
  public:
    RemoteInstance(const RemoteTable& table, std::string configuration);
    RemoteInstance(const RemoteInstance&) = delete;
    RemoteInstance& operator=(const RemoteInstance&) = delete;

    static RemoteInstance& of(ek_instance* handle) {
        return *reinterpret_cast<RemoteInstance*>(handle);
    }
    ek_instance* handle() { return reinterpret_cast<ek_instance*>(this); }

    // Opens it in the running process, if it is not; EK_OK, or what was answered, or that the
    // process cannot be had, with a diagnostic. [lane]
    ek_status open(const ek_call& call);
    // Closes it there. [lane]
    void close();
    // Does the operation with it: [lane], as the operation says. Throws what left the plugin's
    // function, and BrokenRule.
    ek_status call(const ek_call& call, Operation operation, ek_str first = {nullptr, 0},
                   ek_str second = {nullptr, 0}, ek_str third = {nullptr, 0},
                   std::uint32_t number = 0);
    // The process in which it is open, for a watch; null and `status` when it is not. [lane]
    std::shared_ptr<ChildProcess> process(const ek_call& call, ek_status& status);

    RemotePlugin& plugin() const { return *table_.plugin; }
    std::uint32_t number() const { return number_; }
    const std::string& backend() const { return backend_; }

  private:
    Outcome open_in(ChildProcess& child, const ek_call& call);

    const RemoteTable& table_;
    const std::string configuration_;
    const std::uint32_t number_;
    Turns openings_;
    std::weak_ptr<ChildProcess> open_in_;  // in a turn
    std::string backend_;                  // [lane]
};

// The status of the outcome, after what was not said yet is said to the call. Throws what left the
// plugin's function, and BrokenRule.
ek_status status_of(const Outcome& outcome, const ek_call& call, const std::string& plugin);

}  // namespace evenkeel::plugin
