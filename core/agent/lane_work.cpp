#include "core/agent/lane_work.hpp"

#include <algorithm>
#include <map>

#include "core/base/log.hpp"

namespace evenkeel::agent {
namespace {

Look judge_state(plugin::Collection& collection, const Description& description,
                 const json::Value* state) {
    Look look;
    if (state) look.state = collection.redact(description.body, *state);
    if (auto drift = existence_drift(description.head.absent, state == nullptr)) {
        look.fields.push_back(std::move(*drift));
        return look;
    }
    if (description.head.absent) return look;
    auto fields =
        collection.compare(description.head.ref.id, without_ensure(description.body), *state);
    if (fields) {
        look.fields = std::move(*fields);
    } else {
        look.error = std::move(fields.error());
    }
    return look;
}

// From what a read gave for it, null when that is nothing.
Look judge_item(plugin::Collection& collection, const Description& description,
                const plugin::Item* item) {
    if (item && item->error) return Look{item->error, nullptr, {}};
    return judge_state(collection, description, item ? &item->state : nullptr);
}

Deed deed_of(plugin::Applied applied) {
    Deed deed;
    deed.changes = std::move(applied.changes);
    deed.error = std::move(applied.error);
    deed.look.state = std::move(applied.state);
    return deed;
}

// The thing to be removed that is not there is as it should be.
void forgive_absence(const Description& description, Deed& deed) {
    if (description.head.absent && deed.error && deed.error->code == Errc::not_found) {
        deed.error.reset();
    }
}

// What became of each, in order, of one call.
std::vector<Deed> change(plugin::Collection& collection,
                         const std::vector<Description>& descriptions, bool dry_run,
                         const plugin::Call& call) {
    std::vector<plugin::Entry> entries;
    for (const Description& each : descriptions) {
        entries.push_back(
            {each.head.ref.id, each.head.absent ? json::Value() : without_ensure(each.body)});
    }
    std::vector<Deed> deeds;
    for (plugin::Applied& applied : collection.apply_many(entries, dry_run, call)) {
        const Description& description = descriptions[deeds.size()];
        deeds.push_back(deed_of(std::move(applied)));
        forgive_absence(description, deeds.back());
    }
    return deeds;
}

bool is_watched(wire::Policy policy) {
    return policy != wire::Policy::off;
}

}  // namespace

Look look_at(plugin::Collection& collection, const Description& description,
             const plugin::Call& call) {
    const std::string& id = description.head.ref.id;
    const auto items = collection.read({id}, call);
    if (!items) return Look{items.error(), nullptr, {}};
    for (const plugin::Item& item : *items) {
        if (item.id == id) return judge_item(collection, description, &item);
    }
    return judge_item(collection, description, nullptr);
}

namespace {

// One read for all; one look for each, in order.
Looks look_at_these(plugin::Collection& collection, const std::vector<Description>& descriptions,
                    const plugin::Call& call) {
    Looks looks;
    if (descriptions.empty()) return looks;
    std::vector<std::string> present;
    for (const Description& each : descriptions) present.push_back(each.head.ref.id);
    const auto items = collection.read(present, call);
    std::map<std::string, const plugin::Item*> found;
    if (items) {
        for (const plugin::Item& item : *items) found.emplace(item.id, &item);
    }
    for (const Description& each : descriptions) {
        const std::string& id = each.head.ref.id;
        // One that cannot be read does not take the others with it.
        if (!items) {
            looks.emplace_back(id, look_at(collection, each, call));
            continue;
        }
        const auto item = found.find(id);
        looks.emplace_back(
            id, judge_item(collection, each, item == found.end() ? nullptr : item->second));
    }
    return looks;
}

// What differs right after our own work may be the middle of somebody's write. One who is still at
// it is known to the loop now, and one who was done meanwhile is not in the second look.
Look settled_look(Workplace& place, const Description& description, Look look,
                  const plugin::Call& call) {
    if (look.fields.empty() || !place.hear_of_writers()) return look;
    look = look_at(*place.collection, description, call);
    if (!look.fields.empty()) place.hear_of_writers();
    return look;
}

}  // namespace

Looks look_at_all(Workplace& place, const AgentStore& store, const std::vector<std::string>& ids,
                  const plugin::Call& call) {
    plugin::Collection& collection = *place.collection;
    std::vector<Description> wanted;
    Looks looks;
    for (const std::string& id : ids) {
        auto description = store.description({collection.name(), id});
        if (!description) {
            looks.emplace_back(id, Look{description.error(), nullptr, {}});
        } else if (*description) {
            wanted.push_back(std::move(**description));
        }
    }
    for (auto& look : look_at_these(collection, wanted, call)) looks.push_back(std::move(look));
    const auto differs = [](const auto& each) { return !each.second.fields.empty(); };
    if (std::any_of(looks.begin(), looks.end(), differs)) place.hear_of_writers();
    return looks;
}

std::vector<Deed> carry_out(Workplace& place, const std::vector<Description>& descriptions,
                            const plugin::Call& call) {
    plugin::Collection& collection = *place.collection;
    // Watched before it is changed: what somebody else writes from now on is noticed.
    for (const Description& each : descriptions) {
        place.interest(each.head.ref.id, is_watched(each.head.policy));
    }
    const bool dry_run = descriptions.front().head.policy == wire::Policy::audit;
    std::vector<Deed> deeds = change(collection, descriptions, dry_run, call);
    Looks looks = look_at_these(collection, descriptions, call);
    for (std::size_t i = 0; i < deeds.size(); ++i) {
        json::Value told = std::move(deeds[i].look.state);
        deeds[i].look = settled_look(place, descriptions[i], std::move(looks[i].second), call);
        if (deeds[i].look.error) deeds[i].look.state = std::move(told);
    }
    return deeds;
}

Deed take_away(Workplace& place, const Description& description, const plugin::Call& call) {
    const bool dry_run = description.head.policy == wire::Policy::audit;
    Deed deed = deed_of(place.collection->remove(description.head.ref.id, dry_run, call));
    forgive_absence(description, deed);
    if (deed.error) {
        deed.look = look_at(*place.collection, description, call);
    } else {
        place.interest(description.head.ref.id, false);
    }
    return deed;
}

std::optional<Deed> leave_in_line(Workplace& place, const Description& description,
                                  const plugin::Call& call) {
    place.interest(description.head.ref.id, is_watched(description.head.policy));
    Deed deed = std::move(plan(place, {description}, call).front());
    if (deed.error || !deed.changes.empty()) return std::nullopt;
    deed.look = look_at(*place.collection, description, call);
    return deed;
}

std::vector<Deed> plan(Workplace& place, const std::vector<Description>& descriptions,
                       const plugin::Call& call) {
    return change(*place.collection, descriptions, true, call);
}

Opened open_watch(Workplace& place, const AgentStore& store, const std::vector<Head>& heads,
                  const plugin::OnHint& on_hint) {
    Opened opened;
    plugin::Collection& collection = *place.collection;
    place.watch_by(nullptr);
    if (on_hint && collection.watches()) {
        auto watch = collection.watch(on_hint);
        if (watch) {
            place.watch_by(std::move(*watch));
        } else {
            log::warning("cannot watch a collection, the sweep looks after it",
                         {{"collection", collection.name()}, {"why", watch.error().what}});
        }
    }
    for (const Head& head : heads) {
        if (is_watched(head.policy) && !place.interest(head.ref.id, true)) ++opened.unwatched;
        if (head.schema_version == 0 || head.schema_version >= collection.schema_version())
            continue;
        auto stored = store.description(head.ref);
        if (!stored || !*stored) continue;
        auto body = collection.upgrade(head.schema_version, without_ensure((*stored)->body));
        if (!body) {
            log::error("cannot bring a description up to the plugin's schema",
                       {{"collection", head.ref.collection},
                        {"id", head.ref.id},
                        {"why", body.error().what}});
            continue;
        }
        if (const json::Value* ensure = (*stored)->body.find("ensure")) {
            body->as_object().set("ensure", *ensure);
        }
        (*stored)->body = std::move(*body);
        (*stored)->head.schema_version = collection.schema_version();
        opened.upgraded.push_back(std::move(**stored));
    }
    return opened;
}

}  // namespace evenkeel::agent
