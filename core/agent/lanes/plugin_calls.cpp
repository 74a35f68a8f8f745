#include "core/agent/lanes/plugin_calls.hpp"

#include <algorithm>
#include <map>

#include "core/agent/store/agent_store.hpp"
#include "core/wire/capabilities.hpp"

namespace evenkeel::agent {
namespace {

bool has_switch(const plugin::Collection& collection) {
    return collection.schema().property("sensitive") != nullptr;
}

// As the plugin gets it.
json::Value body_for(const plugin::Collection& collection, const Description& description) {
    json::Value body = without_ensure(description.body);
    return has_switch(collection) ? shown_beside(description.metadata, std::move(body)) : body;
}

// Whether its success leaves nothing of the content that was there before.
bool replaces_content(const plugin::Collection& collection, const Description& description) {
    if (description.metadata.absent) return true;
    const json::Object& fields = description.body.as_object();
    return std::any_of(fields.begin(), fields.end(), [&](const json::Member& field) {
        const schema::Property* property = collection.schema().property(field.first);
        return property && field.first != "sensitive" &&
               (property->write_only || property->compare == schema::Comparison::digest);
    });
}

CheckResult compare_state(plugin::Collection& collection, const Description& description,
                          const json::Value* state) {
    CheckResult check_result;
    const json::Value body = body_for(collection, description);
    if (state) check_result.state = collection.redact(body, *state);
    if (auto drift = existence_drift(description.metadata.absent, state == nullptr)) {
        check_result.fields.push_back(std::move(*drift));
        return check_result;
    }
    if (description.metadata.absent) return check_result;
    auto fields = collection.compare(description.metadata.ref.id, body, *state);
    if (fields) {
        check_result.fields = std::move(*fields);
    } else {
        check_result.error = std::move(fields.error());
    }
    return check_result;
}

// From what a read gave for it, null when that is nothing.
CheckResult compare_item(plugin::Collection& collection, const Description& description,
                         const plugin::Item* item) {
    if (item && item->error) return CheckResult{item->error, nullptr, {}};
    CheckResult check_result =
        compare_state(collection, description, item ? &item->state : nullptr);
    if (item) check_result.stamp = item->stamp;
    return check_result;
}

ApplyResult result_of(plugin::Applied applied) {
    ApplyResult apply_result;
    apply_result.changes = std::move(applied.changes);
    apply_result.error = std::move(applied.error);
    apply_result.retry_after = applied.retry_after;
    apply_result.check_result.state = std::move(applied.state);
    apply_result.notes = std::move(applied.notes);
    apply_result.output = std::move(applied.output);
    return apply_result;
}

// A resource that is to be absent and does not exist is compliant.
void ignore_absence(const Description& description, ApplyResult& apply_result) {
    if (description.metadata.absent && apply_result.error &&
        apply_result.error->code == Errc::not_found) {
        apply_result.error.reset();
    }
}

// The result of each, in order, of one call.
std::vector<ApplyResult> change(plugin::Collection& collection,
                                const std::vector<Description>& descriptions, bool dry_run,
                                const plugin::Call& call) {
    std::vector<plugin::Entry> entries;
    for (const Description& each : descriptions) {
        entries.push_back({each.metadata.ref.id,
                           each.metadata.absent ? json::Value() : body_for(collection, each)});
    }
    std::vector<ApplyResult> apply_results;
    for (plugin::Applied& applied : collection.apply_many(entries, dry_run, call)) {
        const Description& description = descriptions[apply_results.size()];
        apply_results.push_back(result_of(std::move(applied)));
        ignore_absence(description, apply_results.back());
    }
    return apply_results;
}

}  // namespace

CheckResult check(plugin::Collection& collection, const Description& description,
                  const plugin::Call& call) {
    const std::string& id = description.metadata.ref.id;
    const auto items = collection.read({id}, call);
    if (!items) return CheckResult{items.error(), nullptr, {}};
    for (const plugin::Item& item : *items) {
        if (item.id == id) return compare_item(collection, description, &item);
    }
    return compare_item(collection, description, nullptr);
}

namespace {

// Of each id, in order, what a read found; null: nothing. Plugins answer in the order in which they
// are asked, so that hardly any is searched for.
std::vector<const plugin::Item*> in_order(const std::vector<std::string>& ids,
                                          const std::vector<plugin::Item>& items) {
    std::vector<const plugin::Item*> found(ids.size(), nullptr);
    std::map<std::string_view, const plugin::Item*> others;
    std::size_t at = 0;
    for (const plugin::Item& item : items) {
        std::size_t here = at;
        while (here < ids.size() && ids[here] != item.id) ++here;
        if (here == ids.size()) {
            others.emplace(item.id, &item);
            continue;
        }
        found[here] = &item;
        at = here + 1;
    }
    for (std::size_t i = 0; i < ids.size() && !others.empty(); ++i) {
        const auto other = others.find(ids[i]);
        if (other != others.end()) found[i] = other->second;
    }
    return found;
}

// One read for all; a result for each, in order.
std::vector<CheckResult> check_together(plugin::Collection& collection,
                                        const std::vector<Description>& descriptions,
                                        const plugin::Call& call) {
    std::vector<std::string> ids;
    std::vector<plugin::Known> known;
    for (const Description& each : descriptions) {
        ids.push_back(each.metadata.ref.id);
        known.push_back({ids.back(), ""});
    }
    const auto items = collection.read_changed(known, call);
    std::vector<CheckResult> check_results;
    // An error of one resource does not affect the others.
    if (!items) {
        for (const Description& each : descriptions)
            check_results.push_back(check(collection, each, call));
        return check_results;
    }
    const auto found = in_order(ids, *items);
    for (std::size_t i = 0; i < ids.size(); ++i)
        check_results.push_back(compare_item(collection, descriptions[i], found[i]));
    return check_results;
}

// A difference right after our own change may be an incomplete write of another program. Delivering
// pending hints reports a write that is still in progress to the loop; the second check sees one
// that has ended completely.
CheckResult check_settled(LaneContext& lane, const Description& description,
                          CheckResult check_result, const plugin::Call& call) {
    if (check_result.fields.empty() || !lane.deliver_pending_hints(call)) return check_result;
    check_result = check(*lane.collection, description, call);
    if (!check_result.fields.empty()) lane.deliver_pending_hints(call);
    return check_result;
}

}  // namespace

namespace {

// From what a read gave for it. The body is needed only where there is a state.
std::optional<CheckResult> check_found(plugin::Collection& collection, const AgentStore& store,
                                       const CheckRequest& request, const plugin::Item* item) {
    if (item && item->error) return CheckResult{item->error, nullptr, {}};
    if (item && item->unchanged) return CheckResult{{}, nullptr, {}, item->stamp, true};
    if (!item) {
        CheckResult check_result;
        if (auto drift = existence_drift(request.absent, true))
            check_result.fields.push_back(std::move(*drift));
        return check_result;
    }
    Description description;
    description.metadata.ref = {collection.name(), request.id};
    description.metadata.absent = request.absent;
    description.metadata.left_secret = request.left_secret;
    auto body = store.body(description.metadata.ref);
    if (!body) return CheckResult{body.error(), nullptr, {}};
    if (!*body) return std::nullopt;
    description.body = std::move(**body);
    return compare_item(collection, description, item);
}

}  // namespace

CheckResults check_all(LaneContext& lane, const AgentStore& store,
                       const std::vector<CheckRequest>& requests, const plugin::Call& call) {
    plugin::Collection& collection = *lane.collection;
    std::vector<std::string> ids;
    std::vector<plugin::Known> known;
    for (const CheckRequest& request : requests) {
        ids.push_back(request.id);
        known.push_back({request.id, request.stamp});
    }
    const auto items = collection.read_changed(known, call);
    CheckResults check_results;
    // An error of one resource does not affect the others.
    if (!items && requests.size() > 1) {
        for (const CheckRequest& request : requests)
            check_results.push_back(std::move(check_all(lane, store, {request}, call).front()));
        return check_results;
    }
    if (!items) return {CheckResult{items.error(), nullptr, {}}};
    const auto found = in_order(ids, *items);
    for (std::size_t i = 0; i < ids.size(); ++i)
        check_results.push_back(check_found(collection, store, requests[i], found[i]));
    const auto differs = [](const auto& each) { return each && !each->fields.empty(); };
    if (std::any_of(check_results.begin(), check_results.end(), differs))
        lane.deliver_pending_hints(call);
    return check_results;
}

std::vector<ApplyResult> apply_all(LaneContext& lane, const std::vector<Description>& descriptions,
                                   const plugin::Call& call) {
    plugin::Collection& collection = *lane.collection;
    // Watched before it is changed: what another program writes from now on is noticed.
    for (const Description& each : descriptions) {
        lane.interest(each.metadata.ref.id, is_watched(each.metadata.policy), call);
    }
    const bool dry_run = descriptions.front().metadata.policy == wire::Policy::audit;
    std::vector<ApplyResult> apply_results = change(collection, descriptions, dry_run, call);
    std::vector<Description> applied = descriptions;
    for (std::size_t i = 0; i < applied.size(); ++i) {
        if (dry_run || apply_results[i].error || !replaces_content(collection, applied[i]))
            continue;
        apply_results[i].replaced = true;
        applied[i].metadata.left_secret = false;
    }
    std::vector<CheckResult> check_results = check_together(collection, applied, call);
    for (std::size_t i = 0; i < apply_results.size(); ++i) {
        json::Value reported = std::move(apply_results[i].check_result.state);
        apply_results[i].check_result =
            check_settled(lane, applied[i], std::move(check_results[i]), call);
        if (apply_results[i].check_result.error)
            apply_results[i].check_result.state = std::move(reported);
    }
    return apply_results;
}

ApplyResult remove_resource(LaneContext& lane, const Description& description,
                            const plugin::Call& call) {
    const bool dry_run = description.metadata.policy == wire::Policy::audit;
    const bool removes = wire::can(lane.collection->capabilities(), "remove");
    ApplyResult apply_result =
        dry_run && !removes
            ? ApplyResult{}
            : result_of(lane.collection->remove(description.metadata.ref.id, dry_run, call));
    ignore_absence(description, apply_result);
    if (dry_run && !apply_result.error && !apply_result.changes.empty()) {
        apply_result.notes.insert(apply_result.notes.begin(),
                                  "nothing was removed: under the policy audit only the "
                                  "description is dropped");
        apply_result.notes = wire::bounded_notes(std::move(apply_result.notes));
    }
    if (apply_result.error) {
        apply_result.check_result = check(*lane.collection, description, call);
    } else {
        lane.interest(description.metadata.ref.id, false, call);
    }
    return apply_result;
}

ApplyResult invoke(LaneContext& lane, const std::string& id, const std::string& action,
                   const json::Value& arguments, const plugin::Call& call) {
    return result_of(lane.collection->invoke(id, action, arguments, call));
}

std::optional<ApplyResult> result_if_compliant(LaneContext& lane, const Description& description,
                                               const plugin::Call& call) {
    lane.interest(description.metadata.ref.id, is_watched(description.metadata.policy), call);
    ApplyResult apply_result = std::move(plan(lane, {description}, call).front());
    if (apply_result.error || !apply_result.changes.empty()) return std::nullopt;
    apply_result.replaced = replaces_content(*lane.collection, description);
    Description found = description;
    if (apply_result.replaced) found.metadata.left_secret = false;
    apply_result.check_result = check(*lane.collection, found, call);
    return apply_result;
}

std::vector<ApplyResult> plan(LaneContext& lane, const std::vector<Description>& descriptions,
                              const plugin::Call& call) {
    return change(*lane.collection, descriptions, true, call);
}

}  // namespace evenkeel::agent
