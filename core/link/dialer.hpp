#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/link/message.hpp"
#include "core/link/remote.hpp"

namespace evenkeel::link {

// The agent's side of the bus: dials one connection, and dials again with back-off and full jitter
// when it has ended. Queues nothing while the link is down: the caller keeps what must arrive in
// its outbox. Owns one thread while started.
class Dialer {
  public:
    struct Options : Remote {
        std::vector<std::string> sources;  // addresses to receive from
        std::vector<std::string> targets;  // addresses to send to
        std::uint32_t credit = 32;         // messages received and not yet settled, per source
        std::size_t unsettled_max = 256;   // sends without an answer; more are `busy`
        std::size_t unsettled_bytes_max = 16 * 1024 * 1024;
        // The pause before each attempt but the first is random, uniform from 0 to min(cap, base *
        // 2^n), where n counts the attempts in a row that were not confirmed: see confirm(). n is 1
        // after a link that was confirmed but ended within five seconds.
        std::chrono::milliseconds backoff_base{1'000};
        std::chrono::milliseconds backoff_cap{60'000};
    };

    // Called through the executor, in the order in which things happened. All may be empty.
    struct Events {
        // Connected, admitted, every source and target attached.
        std::function<void()> on_up;
        // The link that was up has ended. Every send without an answer was reported before.
        std::function<void(const Ending&)> on_down;
        // An attempt that never came up; `denied` when the peer refused us or fails verification.
        std::function<void(const Ending&)> on_failed;
        std::function<void(const std::string& source, Message, Delivery)> on_message;
        // The answer to one send(), exactly one each, not always in the order sent: the peer's, or
        // `release` when the link ended first (the peer may have it or not: send it again on the
        // next on_up).
        std::function<void(const std::string& target, std::uint64_t token, Disposition)> on_settled;
    };

    Dialer(Options options, Events events, Executor executor);
    ~Dialer();  // stop()
    Dialer(const Dialer&) = delete;
    Dialer& operator=(const Dialer&) = delete;

    // Reads the certificates and starts dialling. `invalid` when they cannot be read, `conflict`
    // when started. To use renewed files: stop() and start(). [loop]
    Result<void> start();

    // Ends the link and joins the thread; blocks while a name look-up is under way. When called on
    // the executor's thread, no event is delivered after it returns, not even those already given
    // to the executor. Sends without an answer get none. [loop]
    void stop();

    // The peer has taken us in: the pauses begin anew, from this base unless it is 0. [any]
    void confirm(std::chrono::milliseconds backoff_base);

    // Ends the link as if the peer had, and dials again after the usual pause; `why` comes back in
    // on_down. Messages that were received before may still be delivered. Without effect while
    // there is none. [any]
    void end_link(const Error& why);

    // Hands one message to the link. `unavailable` while down, `busy` when too much is without an
    // answer, `not_found` for an address that is not among the targets, `limit` when the body is
    // too large: then no on_settled follows. `token` is the caller's and comes back. [any]
    Result<void> send(const std::string& target, std::uint64_t token, Message message);

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace evenkeel::link
