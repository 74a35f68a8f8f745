#pragma once

#include <deque>
#include <functional>
#include <future>
#include <memory>

#include <evenkeel/plugin.h>

#include "core/plugin/remote/child_process.hpp"
#include "core/plugin/remote/remote_instance.hpp"

namespace evenkeel::plugin {

// A watch in a plugin's process: what an ek_watch of its tables points to. Its channel is what the
// host polls. [reactor]
class RemoteWatch {
  public:
    // Opens it; null, and `status`, when that fails. [lane]
    static std::unique_ptr<RemoteWatch> open(RemoteInstance& instance, const ek_call& call,
                                             const ek_watch_host& host, ek_status& status);
    ~RemoteWatch();
    RemoteWatch(const RemoteWatch&) = delete;
    RemoteWatch& operator=(const RemoteWatch&) = delete;

    static RemoteWatch& of(ek_watch* handle) { return *reinterpret_cast<RemoteWatch*>(handle); }
    ek_watch* handle() { return reinterpret_cast<ek_watch*>(this); }

    // Asks whether it watches the id; without one (absent), whether it has told all that was
    // reported to the plugin until now. The answer is waited for elsewhere, since the reactor
    // brings it: 10 s at most, after which it costs the process its life not to have given it, and
    // not longer than who waits wants to. [any]
    using Answer = std::function<ek_status(const Until&)>;
    Answer ask(ek_str id, bool on);
    // The same for who reads the channel himself, and waits here.
    ek_status interest(ek_str id, bool on);
    ek_status ready();

  private:
    RemoteWatch(std::shared_ptr<ChildProcess> child, std::unique_ptr<Channel> channel,
                const ek_watch_host& host);
    // Sends what can be sent, and is called again for the rest.
    void flush();
    // False for what is no message.
    bool take(FrameReader& frame);
    // False when the watch is over.
    bool take_hints();
    void lose();
    // Ends the process if it owes an answer for too long, for which nobody may wait any more.
    void end_if_stuck();

    const std::shared_ptr<ChildProcess> child_;
    const std::unique_ptr<Channel> channel_;
    const ek_watch_host& host_;
    struct Owed {
        std::promise<ek_status> answer;
        std::uint64_t until_ns;  // CLOCK_MONOTONIC
    };
    std::deque<Owed> owed_;           // in the order in which they will come
    std::uint32_t polls_output_ = 0;  // POLLOUT, or 0
    bool lost_ = false;
};

}  // namespace evenkeel::plugin
