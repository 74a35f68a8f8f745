#pragma once

#include <cstdint>
#include <deque>
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

// The clients that follow events. Each event is read and made a frame once, however many they are:
// the last ones are kept for all who keep up. The store is the queue of those who do not: a client
// that reads slowly, or asks for the past, is sent what is stored, at no cost of memory. All work
// for all followers is done in turns of at most 5 ms, between which the loop serves others. [loop]
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

    // Of the frames that are kept.
    static constexpr std::size_t kRecentBytes = 1 << 20;

  private:
    struct Follower {
        std::shared_ptr<http::Stream> stream;
        EventFilter filter;
        std::uint64_t sent_up_to = 0;
        std::uint64_t past_end = 0;  // the revision at its begin
        bool past_sent = false;
        bool full = false;    // waits for the stream to drain
        bool queued = false;  // in ready_
    };
    struct RecentEvent {
        std::uint64_t revision = 0;
        std::string type;
        std::string host;
        http::Frame frame;
    };
    using MoreWork = Result<bool>;  // whether there is more to do

    void forget(std::uint64_t number);
    void schedule(std::uint64_t number);
    void schedule_turn();
    void turn();
    void read_recent();
    Result<void> read_new_events();
    void drop_oldest();
    void serve(std::uint64_t number);
    MoreWork send_stored(Follower& follower);
    void send_recent(Follower& follower);

    run::Loop& loop_;
    state::State& state_;
    bool working_ = false;             // a turn() is posted or runs
    bool unread_ = false;              // events have come that are not in recent_
    std::deque<std::uint64_t> ready_;  // followers with work, the one served longest ago first
    std::size_t round_ = 0;            // of ready_: to be served before more events are read
    std::uint64_t last_ = 0;
    std::map<std::uint64_t, Follower> followers_;
    // All events past the first revision up to the second.
    std::deque<RecentEvent> recent_;
    std::uint64_t recent_from_ = 0;
    std::uint64_t recent_to_ = 0;
    std::size_t recent_bytes_ = 0;
};

}  // namespace evenkeel::api
