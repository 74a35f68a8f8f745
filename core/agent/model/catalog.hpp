#pragma once

#include <map>
#include <memory_resource>
#include <set>

#include "core/agent/model/check_pace.hpp"
#include "core/agent/model/records.hpp"

namespace evenkeel::wire {
struct InventoryItem;
}

namespace evenkeel::agent {

// One described resource in memory. What is written here while a run works goes into the room that
// is there: a text that moves in from elsewhere keeps a page of what surrounded it from being given
// back.
struct CatalogEntry {
    Metadata metadata;
    ResourceStatus status;
    std::int64_t observed_ms = 0;  // Unix time of the last check, also of an earlier process
    std::uint64_t checked_ns = 0;  // CLOCK_MONOTONIC of the last check, 0 before the first
    CheckPace pace = {};           // of checks because of events
    // A command or repair works on it: results of checks meanwhile are ignored.
    bool busy = false;
    bool repairing = false;      // see Observation
    std::uint64_t epoch = 0;     // rises when a run begins: results of older checks are ignored
    std::uint64_t verdicts = 0;  // rises with each new status, to know one again after its commit
    // By which the plugin knows the state again that was found as described; empty: none. While it
    // holds, a check reads no description and no state. It ends with description and verdict.
    std::string stamp = {};
};

// Everything described on this machine, with the status of each, and what was removed: all of it in
// memory but for bodies and states, which may be large and stay in the store. Each change is also
// committed to the store; when that commit fails, the caller that made the change undoes it here.
// Look-ups are logarithmic and do no input or output. An id is in memory once, in its entry's
// metadata, whose `ref` and relations are changed by put() alone. [loop]
class Catalog {
    struct ByRef {
        using is_transparent = void;
        bool operator()(const wire::Ref* a, const wire::Ref* b) const { return *a < *b; }
        bool operator()(const wire::Ref* a, const wire::Ref& b) const { return *a < b; }
        bool operator()(const wire::Ref& a, const wire::Ref* b) const { return a < *b; }
    };
    using Entries = std::pmr::map<const wire::Ref*, CatalogEntry, ByRef>;

  public:
    Catalog() = default;
    Catalog(const Catalog&) = delete;
    Catalog& operator=(const Catalog&) = delete;

    CatalogEntry* find(const wire::Ref& ref);
    const CatalogEntry* find(const wire::Ref& ref) const;
    // Finds it, or makes it, and gives it `metadata`.
    CatalogEntry& put(const Metadata& metadata);
    // Forgets the entry and its pending notifications.
    void erase(const wire::Ref& ref);

    // Each with a pointer to its `ref`, sorted.
    Entries::iterator begin() { return entries_.begin(); }
    Entries::iterator end() { return entries_.end(); }
    Entries::const_iterator begin() const { return entries_.begin(); }
    Entries::const_iterator end() const { return entries_.end(); }
    std::size_t size() const { return entries_.size(); }
    // The first one behind `ref`.
    Entries::const_iterator after(const wire::Ref& ref) const { return entries_.upper_bound(ref); }

    // Those that require `ref`, sorted. O(answer)
    std::vector<wire::Ref> requiring(const wire::Ref& ref) const;
    // Described ids of a collection, sorted.
    std::vector<std::string> ids_of(const std::string& collection) const;

    // Removals that are remembered.
    std::map<wire::Ref, wire::Generation> tombstones;
    // Of those that are not described any more: what may still have its secret on the machine.
    std::set<wire::Ref> left_secrets;
    void put(const Tombstone& tombstone);
    // Of a resource whether or not it is described: see shown_beside.
    bool has_left_secret(const wire::Ref& ref) const;

    // Notifications that are due, by the resource that was changed. The description may not name
    // all of them any more: see pending_for().
    std::map<wire::Ref, std::vector<wire::Notification>> pending_notifications;
    // Those of them that its description still names.
    std::vector<wire::Notification> pending_for(const Metadata& source) const;
    // Keeps them for their source, or forgets them when there are none.
    void put(const PendingNotifications& pending);

    // The generation of the description of `ref` or of its removal; null when neither is known.
    const wire::Generation* generation_of(const wire::Ref& ref) const;
    // Descriptions of orchestrator origin, for digest and inventory; sorted.
    std::vector<wire::InventoryItem> inventory() const;

  private:
    void note_required(const Metadata& metadata);
    void forget_required(const Metadata& metadata);

    // Entries live long and are made amidst what lives short: side by side they keep none of that
    // memory from being given back.
    std::pmr::unsynchronized_pool_resource pool_;
    Entries entries_{&pool_};  // the key points into the entry
    // What is required, with what requires it.
    std::map<wire::Ref, std::set<wire::Ref>> required_by_;
};

// Whether a command with `offered` is older than what is known: a lower revision of one stream.
bool is_superseded(const wire::Generation& offered, const wire::Generation* known);

}  // namespace evenkeel::agent
