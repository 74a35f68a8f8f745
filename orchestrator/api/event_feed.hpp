#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "core/json/json.hpp"
#include "core/run/loop.hpp"
#include "orchestrator/http/stream.hpp"
#include "orchestrator/state/event.hpp"
#include "orchestrator/state/state.hpp"

namespace evenkeel::api {

// Which events a client has requested.
struct EventFilter {
    std::string host;                          // id; empty = all
    std::set<std::string, std::less<>> types;  // empty = all

    bool matches(std::string_view type, std::string_view of_host) const;
};

// The clients that follow events. The store is the queue: a client that reads slowly lags behind,
// and costs no memory. [loop]
class EventFeed {
  public:
    EventFeed(run::Loop& loop, state::State& state);

    // Sends all events past revision `after`, and then each as it happens, until the stream ends.
    // Between the two comes an id alone, of the present revision: who wants the past only stops
    // there.
    void follow(std::shared_ptr<http::Stream> stream, EventFilter filter, std::uint64_t after);
    // Sends an event that is not stored to the clients connected now.
    void show_live(const std::string& host, state::EventType type, std::string_view subject,
                   const std::string& time, const json::Value& data);
    std::size_t size() const { return followers_.size(); }

  private:
    struct Follower {
        std::shared_ptr<http::Stream> stream;
        EventFilter filter;
        std::uint64_t sent_up_to = 0;
        bool full = false;  // waits for the stream to drain
        bool past_sent = false;
    };
    void wake();
    void feed_all();
    void feed(std::uint64_t number);
    // Sends a batch of new events; false when none are left, or the stream has no room.
    Result<bool> feed_some(Follower& follower);
    // Nothing up to revision `now` is left to be sent.
    void end_past(Follower& follower, std::uint64_t now);

    run::Loop& loop_;
    state::State& state_;
    bool waking_ = false;
    std::uint64_t last_ = 0;
    std::map<std::uint64_t, Follower> followers_;
};

}  // namespace evenkeel::api
