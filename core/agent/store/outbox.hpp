#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/wire/resource.hpp"
#include "core/wire/words.hpp"

namespace evenkeel::agent {

// Which events wait for the orchestrator, in numbers and sizes only; the events themselves are in
// the store. Decides what number a new event gets, which waiting one it replaces, what is shed when
// too much waits, and which is sent next. Numbers have no holes. [loop]
class Outbox {
  public:
    struct Limits {
        std::size_t events = 100'000;
        std::size_t bytes = 64 << 20;
    };

    explicit Outbox(Limits limits) : limits_(limits) {}

    struct Entry {
        std::uint64_t seq = 0;
        OpenName<wire::EventKind> kind;
        std::vector<std::size_t> about;  // about_of each resource
        std::size_t bytes = 0;
        int writes = 0;                // commits under way: not to be sent before
        bool in_flight = false;        // sent and not answered
        bool ever_sent = false;        // the orchestrator may have it
        std::uint64_t shed_from = 0;   // agent.shed only: the first number that it explains,
        std::uint64_t shed_count = 0;  // and how many events had them
        bool due = false;              // agent.shed only: it has yet to be given to the store
    };

    static std::size_t about_of(const wire::Ref& ref);

    // Takes over what the store held at start; in the order of the numbers. Its bytes are those of
    // the record, as for place().
    void load(Entry entry);
    // The number that the last event got, also when it has left already.
    void set_last(std::uint64_t seq) { last_ = seq; }
    std::uint64_t last() const { return last_; }

    struct Place {
        std::uint64_t seq = 0;
        bool replaces = false;
    };
    // Finds the place of a new event, which is then being written. A repeat takes the place of the
    // one that it repeats; nothing else is ever replaced.
    Place place(const OpenName<wire::EventKind>& kind, std::vector<std::size_t> about,
                std::size_t bytes);

    // `count` events with the numbers `from` to `to`, which one agent.shed event with the number
    // `to` is to explain.
    struct Shed {
        std::uint64_t from = 0;
        std::uint64_t to = 0;
        std::uint64_t count = 0;
    };
    // Above the limits: sheds the older half of the telemetry events, as runs of numbers; their
    // entries are then being written as agent.shed. Command outcomes and descriptions stay.
    std::vector<Shed> shed_over_limit();
    // The same without regard to the limits: the disk is full.
    std::vector<Shed> shed_half();

    // The commit of `seq` is done.
    void written(std::uint64_t seq);
    // The commit of the new event `seq`, or of the agent.shed with this number, failed: an
    // agent.shed for it is due.
    void lost(std::uint64_t seq);
    // The agent.shed events that are due, each grown over those beside it, so that a run of numbers
    // has one; they are then being written.
    std::vector<Shed> take_due();

    // The first number that waits or is explained by an event that waits; else the next one.
    std::uint64_t first() const;

    // The oldest event that can be sent now. Those behind one that is being written wait.
    std::optional<std::uint64_t> next() const;
    // The oldest event that was not sent, whether it can be or not.
    std::optional<std::uint64_t> unsent() const;
    void sent(std::uint64_t seq);
    // The link ended: what had no answer is sent again.
    void rewind();
    // Takes out everything up to and including `seq`, or `seq` alone; returns the numbers.
    std::vector<std::uint64_t> accepted_through(std::uint64_t seq);
    bool accepted(std::uint64_t seq);

    const Entry* find(std::uint64_t seq) const;
    std::size_t size() const { return entries_.size(); }
    std::size_t bytes() const { return bytes_; }
    std::size_t in_flight() const { return in_flight_; }

  private:
    std::deque<Entry>::iterator at(std::uint64_t seq);
    void remember(const Entry& entry);
    void forget(const Entry& entry);

    Limits limits_;
    std::deque<Entry> entries_;                              // by seq
    std::unordered_map<std::size_t, std::uint64_t> latest_;  // about -> last number about it
    std::uint64_t last_ = 0;
    std::size_t bytes_ = 0;
    std::size_t in_flight_ = 0;
};

}  // namespace evenkeel::agent
