#include "core/agent/model/catalog.hpp"

#include <algorithm>
#include <utility>

#include "core/wire/message.hpp"

namespace evenkeel::agent {

CatalogEntry* Catalog::find(const wire::Ref& ref) {
    const auto found = entries_.find(ref);
    return found == entries_.end() ? nullptr : &found->second;
}

const CatalogEntry* Catalog::find(const wire::Ref& ref) const {
    const auto found = entries_.find(ref);
    return found == entries_.end() ? nullptr : &found->second;
}

CatalogEntry& Catalog::put(const Metadata& metadata) {
    if (CatalogEntry* entry = find(metadata.ref)) {
        if (entry->metadata.relations.required != metadata.relations.required) {
            forget_required(entry->metadata);
            note_required(metadata);
        }
        entry->metadata = metadata;
        entry->stamp.clear();
        return *entry;
    }
    note_required(metadata);
    Entries made(&pool_);
    made[&metadata.ref].metadata = metadata;
    Entries::node_type node = made.extract(made.begin());
    node.key() = &node.mapped().metadata.ref;
    return entries_.insert(std::move(node)).position->second;
}

void Catalog::erase(const wire::Ref& ref) {
    pending_notifications.erase(ref);
    // The last: `ref` may be the entry's own.
    const auto found = entries_.find(ref);
    if (found == entries_.end()) return;
    forget_required(found->second.metadata);
    entries_.erase(found);
}

void Catalog::note_required(const Metadata& metadata) {
    for (const wire::Ref& ref : metadata.relations.required) {
        required_by_[ref].insert(metadata.ref);
    }
}

void Catalog::forget_required(const Metadata& metadata) {
    for (const wire::Ref& ref : metadata.relations.required) {
        const auto found = required_by_.find(ref);
        if (found == required_by_.end()) continue;
        found->second.erase(metadata.ref);
        if (found->second.empty()) required_by_.erase(found);
    }
}

std::vector<wire::Ref> Catalog::requiring(const wire::Ref& ref) const {
    const auto found = required_by_.find(ref);
    if (found == required_by_.end()) return {};
    return {found->second.begin(), found->second.end()};
}

std::vector<wire::Notification> Catalog::pending_for(const Metadata& source) const {
    std::vector<wire::Notification> pending;
    const auto found = pending_notifications.find(source.ref);
    if (found == pending_notifications.end()) return pending;
    for (const wire::Notification& notice : source.relations.notified) {
        const auto& notices = found->second;
        if (std::find(notices.begin(), notices.end(), notice) != notices.end()) {
            pending.push_back(notice);
        }
    }
    return pending;
}

void Catalog::put(const PendingNotifications& pending) {
    if (pending.notices.empty()) {
        pending_notifications.erase(pending.source);
    } else {
        pending_notifications[pending.source] = pending.notices;
    }
}

void Catalog::put(const Tombstone& tombstone) {
    tombstones[tombstone.ref] = tombstone.generation;
    if (tombstone.left_secret) left_secrets.insert(tombstone.ref);
    else left_secrets.erase(tombstone.ref);
}

bool Catalog::has_left_secret(const wire::Ref& ref) const {
    const CatalogEntry* entry = find(ref);
    return entry ? entry->metadata.left_secret : left_secrets.contains(ref);
}

std::vector<std::string> Catalog::ids_of(const std::string& collection) const {
    std::vector<std::string> ids;
    for (auto at = entries_.lower_bound(wire::Ref{collection, ""});
         at != entries_.end() && at->first->collection == collection; ++at) {
        ids.push_back(at->first->id);
    }
    return ids;
}

const wire::Generation* Catalog::generation_of(const wire::Ref& ref) const {
    if (const CatalogEntry* entry = find(ref)) return &entry->metadata.generation;
    const auto tombstone = tombstones.find(ref);
    return tombstone == tombstones.end() ? nullptr : &tombstone->second;
}

std::vector<wire::InventoryItem> Catalog::inventory() const {
    std::vector<wire::InventoryItem> items;
    for (const auto& [ref, entry] : entries_) {
        if (entry.metadata.origin == wire::Origin::orchestrator) {
            items.push_back({*ref, entry.metadata.generation});
        }
    }
    return items;
}

bool is_superseded(const wire::Generation& offered, const wire::Generation* known) {
    return known && !offered.empty() && offered.stream == known->stream &&
           offered.revision < known->revision;
}

}  // namespace evenkeel::agent
