#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/agent/model/records.hpp"

namespace evenkeel::agent {

// One described resource in memory.
struct CatalogEntry {
    Metadata metadata;
    ResourceStatus status;
    std::string observed_at;       // RFC 3339, empty before the first look
    std::uint64_t checked_ns = 0;  // CLOCK_MONOTONIC of the last look, 0 before the first
    // A command or repair works on it: looks taken meanwhile mean nothing.
    bool busy = false;
    bool repairing = false;   // see Observation
    std::uint64_t epoch = 0;  // rises when a job begins: an older look is of the past
};

// Everything described on this machine, with the standing of each, and what was removed. [loop]
class Catalog {
  public:
    CatalogEntry* find(const wire::Ref& ref);
    const CatalogEntry* find(const wire::Ref& ref) const;
    // Finds it, or makes it with `head`.
    CatalogEntry& put(const Metadata& metadata);
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
    std::map<wire::Ref, wire::Generation> tombstones;

    // Notices that are owed, by the resource that was changed. Some of them may not be asked for
    // any more: see owed_by.
    std::map<wire::Ref, std::vector<wire::Notification>> pending_notifications;
    // Those that its description still asks for.
    std::vector<wire::Notification> pending_for(const Metadata& source) const;
    // Keeps `debt` for its source, or forgets it when it is empty.
    void put(const PendingNotifications& pending);

    // The generation of the description of `ref` or of its removal; null when neither is known.
    const wire::Generation* generation_of(const wire::Ref& ref) const;
    // Descriptions of orchestrator origin, for digest and inventory; sorted.
    std::vector<wire::InventoryItem> held() const;

  private:
    std::map<wire::Ref, CatalogEntry> records_;
};

// Whether a command with `offered` is older than what is held: a lower revision of one stream.
bool is_superseded(const wire::Generation& offered, const wire::Generation* held);

}  // namespace evenkeel::agent
