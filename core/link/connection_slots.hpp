#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace evenkeel::link {

// Shares out the connections of a listener, so that strangers cannot lock out those whom it is for.
// A connection waits until it takes a slot: for good, or while a request of it is in progress.
// Those that wait share the slots that nobody has taken, and always have a few; when there are too
// many, the oldest of the source that has most of them is evicted. Each has a deadline for its next
// step. Ids are the caller's; unknown ones have no effect. Not thread-safe. O(1), amortised.
class ConnectionSlots {
  public:
    using Id = std::uint64_t;
    using Clock = std::chrono::steady_clock;
    struct Limits {
        std::size_t taken_max = 0;
        std::size_t waiting_min = 0;     // may wait however many are taken; at least 1
        std::size_t per_source_max = 0;  // of both kinds
        std::chrono::milliseconds handshake_timeout{0};
        std::chrono::milliseconds request_timeout{0};
        std::chrono::milliseconds close_timeout{0};
    };

    explicit ConnectionSlots(const Limits& limits) : limits_(limits) {}

    // A new connection, which waits and has `handshake_timeout`. Returns the one that is evicted
    // and must be cut, which may be the new one.
    std::optional<Id> arrive(Id id, const std::string& source, Clock::time_point now);
    // Takes a slot, without a deadline; once more for each further request. False when none is
    // free, when it is being closed, and for an unknown id.
    bool take(Id id);
    // Undoes one take(), if there was one; after the last it waits and has `request_timeout`.
    // Returns as arrive() does.
    std::optional<Id> await_request(Id id, Clock::time_point now);
    // It is being closed: it keeps its place, and has `close_timeout` for the rest.
    void closing(Id id, Clock::time_point now);
    void leave(Id id);
    // Those whose deadline is over and which must be cut; they are unknown from now on.
    std::vector<Id> take_overdue(Clock::time_point now);

    bool has_deadlines() const;
    std::size_t taken() const { return taken_; }
    std::size_t waiting() const { return waiting_; }

  private:
    struct Source;
    using Sources = std::unordered_map<std::string, Source>;
    struct Source {
        std::size_t connections = 0;
        std::list<Id> waiting;  // in the order of their arrival
        std::list<Sources::value_type*>::iterator place;
    };
    struct Due {
        Clock::time_point at;
        Id id;
    };
    using Timeline = std::list<Due>;  // in the order of time, because all have one timeout
    enum Step : std::size_t { handshake, request, close, steps };
    struct Connection {
        Sources::value_type* source = nullptr;
        std::size_t uses = 0;  // of its slot; 0: it waits
        bool closing = false;
        std::list<Id>::iterator waits_at;  // while it uses no slot
        std::optional<Step> step;          // that it has a deadline for
        Timeline::iterator due_at;
    };

    Sources::value_type& source_of(const std::string& name);
    std::optional<Id> evict_if_crowded();
    Id evict_oldest_of(Source& source);
    void start_waiting(Id id, Connection& connection);
    void stop_waiting(Connection& connection);
    void place(Sources::value_type& source, std::size_t before);
    void set_deadline(Id id, Connection& connection, Step step, Clock::time_point now);
    void clear_deadline(Connection& connection);
    std::chrono::milliseconds timeout_of(Step step) const;

    const Limits limits_;
    std::size_t taken_ = 0;
    std::size_t waiting_ = 0;
    std::unordered_map<Id, Connection> connections_;
    Sources sources_;
    // The sources that have N waiting connections at index N, and the highest N that any has.
    std::vector<std::list<Sources::value_type*>> by_waiting_{1};
    std::size_t most_ = 0;
    std::array<Timeline, steps> timelines_;
};

}  // namespace evenkeel::link
