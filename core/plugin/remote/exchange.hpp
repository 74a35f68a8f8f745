#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include <evenkeel/plugin.h>

#include "core/plugin/channel/records.hpp"
#include "core/plugin/remote/child_process.hpp"

namespace evenkeel::plugin {

// How a call to a plugin's process ended.
struct Outcome {
    ek_status status = EK_E_INTERNAL;
    std::optional<std::string> broken_rule, exception;
    std::string backend;
    // The process did not live to answer, or has to be ended; why, as a sentence.
    std::optional<std::string> lost;
};

// One call over a channel: sends the request, gives what comes back to the call's callbacks,
// cancels when the host does, and gives up when the plugin does not return. On the calling thread's
// stack.
class Exchange {
  public:
    // `what` is "apply". A call without `out` takes no answers but its end. `grace`: how long the
    // plugin may take to return after its deadline, or after its cancellation and its last sign of
    // life.
    Exchange(ChildProcess& child, Channel& channel, const ek_call& call, std::string what,
             std::chrono::milliseconds grace);
    // For hints, which the opening of a watch may send.
    std::function<void(const ek_hint&)> on_hint;

    Outcome run(const Request& request);

  private:
    enum class Woken { by_channel, by_cancel, too_late };
    Woken wait();
    bool take_answers(Outcome& outcome);
    bool take(FrameReader& frame, Outcome& outcome);
    void cancel();
    void wait_on();
    Outcome give_up(const std::string& why);
    Outcome end_of_channel();
    Outcome loss();

    ChildProcess& child_;
    Channel& channel_;
    const ek_call& call_;
    const std::string what_;
    const std::uint64_t grace_ns_;
    std::uint64_t ends_ns_;  // CLOCK_MONOTONIC; 0: never
    bool cancelled_ = false;
    bool looks_last_ = false;  // the time is over
    bool deaf_ = false;        // the host has cancelled, and is not asked again
};

}  // namespace evenkeel::plugin
