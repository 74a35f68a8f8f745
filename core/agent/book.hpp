#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/agent/records.hpp"

namespace evenkeel::agent {

// One described resource in memory.
struct Record {
    Head head;
    Standing standing;
    std::string observed_at;       // RFC 3339, empty before the first look
    std::uint64_t checked_ns = 0;  // CLOCK_MONOTONIC of the last look, 0 before the first
    // A command or repair works on it: looks taken meanwhile mean nothing.
    bool busy = false;
    bool repairing = false;     // see Observation
    std::uint64_t edition = 0;  // rises when a job begins: an older look is of the past
};

// Everything described on this machine, with the standing of each, and what was removed. [loop]
class Book {
  public:
    Record* find(const wire::Ref& ref);
    const Record* find(const wire::Ref& ref) const;
    // Finds it, or makes it with `head`.
    Record& put(const Head& head);
    // The record, and what it owes.
    void erase(const wire::Ref& ref);

    auto begin() { return records_.begin(); }
    auto end() { return records_.end(); }
    auto begin() const { return records_.begin(); }
    auto end() const { return records_.end(); }
    std::size_t size() const { return records_.size(); }
    // The first one behind `ref`.
    auto after(const wire::Ref& ref) const { return records_.upper_bound(ref); }

    // Described ids of a collection, sorted.
    std::vector<std::string> ids_of(const std::string& collection) const;

    // Removals that are remembered.
    std::map<wire::Ref, wire::Generation> removals;

    // Notices that are owed, by the resource that was changed. Some of them may not be asked for
    // any more: see owed_by.
    std::map<wire::Ref, std::vector<wire::Notice>> debts;
    // Those that its description still asks for.
    std::vector<wire::Notice> owed_by(const Head& source) const;
    // Keeps `debt` for its source, or forgets it when it is empty.
    void put(const Debt& debt);

    // The generation of the description of `ref` or of its removal; null when neither is known.
    const wire::Generation* generation_of(const wire::Ref& ref) const;
    // Descriptions of orchestrator origin, for digest and inventory; sorted.
    std::vector<wire::Held> held() const;

  private:
    std::map<wire::Ref, Record> records_;
};

// Whether a command with `offered` is older than what is held: a lower revision of one stream.
bool is_superseded(const wire::Generation& offered, const wire::Generation* held);

}  // namespace evenkeel::agent
