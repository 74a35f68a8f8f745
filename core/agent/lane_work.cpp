#include "core/agent/lane_work.hpp"

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

plugin::Applied change(plugin::Collection& collection, const Description& description, bool dry_run,
                       const plugin::Call& call) {
    const std::string& id = description.head.ref.id;
    return description.head.absent
               ? collection.remove(id, dry_run, call)
               : collection.apply(id, without_ensure(description.body), dry_run, call);
}

// The thing to be removed that is not there is as it should be.
void forgive_absence(const Description& description, Deed& deed) {
    if (description.head.absent && deed.error && deed.error->code == Errc::not_found) {
        deed.error.reset();
    }
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
    if (wanted.empty()) return looks;
    std::vector<std::string> present;
    for (const Description& each : wanted) present.push_back(each.head.ref.id);
    const auto items = collection.read(present, call);
    std::map<std::string, const plugin::Item*> found;
    if (items) {
        for (const plugin::Item& item : *items) found.emplace(item.id, &item);
    }
    for (const Description& each : wanted) {
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
    for (const auto& [id, look] : looks) place.hear_of_writers(look);
    return looks;
}

Deed carry_out(Workplace& place, const Description& description, const plugin::Call& call) {
    plugin::Collection& collection = *place.collection;
    const wire::Policy policy = description.head.policy;
    // Watched before it is changed: what somebody else writes from now on is noticed.
    place.interest(description.head.ref.id, is_watched(policy));
    Deed deed = deed_of(change(collection, description, policy == wire::Policy::audit, call));
    forgive_absence(description, deed);
    const json::Value told = std::move(deed.look.state);
    deed.look = look_at(collection, description, call);
    place.hear_of_writers(deed.look);
    if (deed.look.error) deed.look.state = told;
    return deed;
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
    Deed deed = plan(place, description, call);
    if (deed.error || !deed.changes.empty()) return std::nullopt;
    deed.look = look_at(*place.collection, description, call);
    return deed;
}

Deed plan(Workplace& place, const Description& description, const plugin::Call& call) {
    Deed deed = deed_of(change(*place.collection, description, true, call));
    forgive_absence(description, deed);
    return deed;
}

Opened open_watch(Workplace& place, const AgentStore& store, const std::vector<Head>& heads,
                  const plugin::OnHint& on_hint) {
    Opened opened;
    plugin::Collection& collection = *place.collection;
    place.watch.reset();
    if (on_hint && collection.watches()) {
        auto watch = collection.watch(on_hint);
        if (watch) {
            place.watch = std::move(*watch);
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
