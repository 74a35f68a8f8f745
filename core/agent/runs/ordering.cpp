#include "core/agent/runs/ordering.hpp"

#include <algorithm>
#include <utility>

#include "core/agent/lanes/collection_registry.hpp"
#include "core/agent/model/catalog.hpp"
#include "core/agent/runs/due_actions.hpp"
#include "core/wire/relations.hpp"

namespace evenkeel::agent {
namespace {

// Steps in one call: many, because they are one transaction; not too many, because a cancel takes
// effect between calls.
constexpr std::size_t kGroupMax = 200;

bool requires_step(const Step& step, const Step& other) {
    const auto& all = step.description.metadata.relations.required;
    return std::find(all.begin(), all.end(), other.request.ref) != all.end();
}

void add_required(const wire::Relations& relations, std::set<std::string>& names) {
    for (const wire::Ref& ref : relations.required) names.insert(ref.collection);
}

void add_notified(const wire::Relations& relations, std::set<std::string>& names) {
    for (const wire::Notification& each : relations.notified) names.insert(each.ref.collection);
}

// Steps in a cycle are not done; descriptions of the orchestrator are stored nevertheless.
void fail_all(std::vector<Step>& steps, const Error& cycle) {
    for (Step& step : steps) {
        if (step.progress != Progress::waiting) continue;
        step.decision = step.stores() ? Decision::store_only : Decision::leave;
        finish(step, wire::Outcome::failed, cycle);
    }
}

Errc code_of(const Step& step) {
    return step.result.error ? step.result.error->code : Errc::internal;
}

// A step is blocked by another one of the list that has failed or was skipped.
std::optional<Blocked> blocked_by_step(const Step& other) {
    const wire::Ref& ref = other.request.ref;
    const std::string begin = "it requires " + text_of(ref) + ", which ";
    if (has_failed(other)) {
        return Blocked{{code_of(other), begin + "failed: " + reason_of(other)}, ref};
    }
    if (!was_skipped(other)) return std::nullopt;
    const std::string why = other.root ? "was skipped because " + text_of(*other.root) + " failed"
                                       : "was skipped: " + reason_of(other);
    return Blocked{{code_of(other), begin + why}, other.root.value_or(ref)};
}

// A step is blocked by a resource that the last command or check found failed.
std::optional<Blocked> blocked_by_entry(const CatalogEntry& entry) {
    const wire::Compliance& compliance = entry.status.compliance;
    if (compliance.status != wire::Verdict::failed) return std::nullopt;
    return Blocked{{Errc::conflict, "it requires " + text_of(entry.metadata.ref) +
                                        ", which has failed: " + compliance.reason},
                   entry.metadata.ref};
}

// Whether the call of the first may do this one too.
bool may_share(const StepList& steps, const std::vector<std::size_t>& group, const Step& step,
               const Catalog& catalog) {
    const Step& first = steps[group.front()];
    const bool is_alike = step.request.ref.collection == first.request.ref.collection &&
                          step.is_audit() == first.is_audit();
    if (!is_alike || step.decision != Decision::apply || !notified_by(step).empty()) return false;
    const bool is_related = std::any_of(
        group.begin(), group.end(), [&](std::size_t at) { return requires_step(step, steps[at]); });
    return !is_related && !blocked_by(steps, step, catalog);
}

}  // namespace

std::set<std::string> collections_of(const InboxCommand& command, const Catalog& catalog) {
    std::set<std::string> names;
    for (const wire::ResourceRequest& request : command.resources) {
        names.insert(request.ref.collection);
        add_required(request.relations, names);
        add_notified(request.relations, names);
        const CatalogEntry* entry = catalog.find(request.ref);
        if (!entry || command.verb == wire::Verb::invoke) continue;
        add_required(entry->metadata.relations, names);
        add_notified(entry->metadata.relations, names);
    }
    return names;
}

std::set<std::string> collections_of_repair(const wire::Ref& ref, const Catalog& catalog) {
    std::set<std::string> names{ref.collection};
    if (const CatalogEntry* entry = catalog.find(ref)) {
        add_required(entry->metadata.relations, names);
    }
    return names;
}

std::vector<Step> arrange(std::vector<Step> steps, const Intent& intent) {
    std::vector<wire::RelatedResource> entries;
    for (const Step& step : steps) {
        entries.push_back({step.request.ref, step.description.metadata.relations, ""});
    }
    const auto order = wire::in_order(entries);
    if (!order) {
        fail_all(steps, order.error());
        return steps;
    }
    std::vector<Step> arranged;
    for (const std::size_t at : *order) arranged.push_back(std::move(steps[at]));
    if (intent.verb == wire::Verb::remove) std::reverse(arranged.begin(), arranged.end());
    return arranged;
}

std::optional<Blocked> blocked_by(const StepList& steps, const Step& step, const Catalog& catalog) {
    if (step.decision != Decision::apply) return std::nullopt;
    for (const wire::Ref& ref : step.description.metadata.relations.required) {
        const Step* other = steps.find(ref);
        const CatalogEntry* entry = other ? nullptr : catalog.find(ref);
        auto blocked = other   ? blocked_by_step(*other)
                       : entry ? blocked_by_entry(*entry)
                               : std::nullopt;
        if (blocked) return blocked;
    }
    return std::nullopt;
}

std::size_t next_step(StepList& steps, std::size_t at, const Catalog& catalog) {
    for (; at < steps.size(); ++at) {
        Step& step = steps[at];
        if (step.progress != Progress::waiting) continue;
        auto blocked = blocked_by(steps, step, catalog);
        if (!blocked) return at;
        skip(step, std::move(blocked->reason), std::move(blocked->root));
    }
    return at;
}

std::vector<std::size_t> group_of(const StepList& steps, std::size_t at, const Catalog& catalog) {
    std::vector<std::size_t> group{at};
    const Step& first = steps[at];
    if (first.decision != Decision::apply || !notified_by(first).empty()) return group;
    for (++at; at < steps.size() && group.size() < kGroupMax; ++at) {
        const Step& step = steps[at];
        if (step.progress != Progress::waiting) continue;
        if (!may_share(steps, group, step, catalog)) break;
        group.push_back(at);
    }
    return group;
}

namespace {

bool is_planned_to_change(const Step& step) {
    return step.result.outcome == wire::Outcome::planned &&
           (step.result.error || !step.result.changes.empty());
}

// Whether what a step has not found may be what an earlier one brings.
bool misses_something(const Step& step) {
    return step.result.error &&
           (step.result.error->code == Errc::invalid || step.result.error->code == Errc::not_found);
}

}  // namespace

const wire::Ref* planned_before(const StepList& steps, const Step& step,
                                const CollectionRegistry& registry) {
    for (const wire::Ref& ref : step.description.metadata.relations.required) {
        const Step* other = steps.find(ref);
        if (other && is_planned_to_change(*other)) return &ref;
    }
    if (!misses_something(step)) return nullptr;
    for (const Step& other : steps) {
        if (&other == &step) break;
        if (is_planned_to_change(other) &&
            registry.comes_after(step.request.ref.collection, other.request.ref.collection))
            return &other.request.ref;
    }
    return nullptr;
}

}  // namespace evenkeel::agent
