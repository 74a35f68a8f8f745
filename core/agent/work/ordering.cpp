#include "core/agent/work/ordering.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "core/wire/relations.hpp"

namespace evenkeel::agent {
namespace {

// Steps in one call: so many are one transaction, and a cancel is not too long in coming.
constexpr std::size_t kGroupMax = 200;

void skip(Step& step, Error error) {
    step.goes = false;
    step.done.outcome = wire::Outcome::skipped;
    step.done.error = std::move(error);
}

const std::string& words_of(const Step& step) {
    static const std::string kNone = "no reason is known";
    return step.done.error ? step.done.error->what : kNone;
}

bool failed(const Step& step) {
    return step.done.outcome == wire::Outcome::failed;
}
bool skipped(const Step& step) {
    return step.done.outcome == wire::Outcome::skipped && !step.superseded;
}

bool is_audit(const Step& step) {
    return step.description.metadata.policy == wire::Policy::audit;
}

bool needs(const Step& step, const Step& other) {
    const auto& all = step.description.metadata.relations.required;
    return std::find(all.begin(), all.end(), other.request.ref) != all.end();
}

// How the resource is described once the job is through; null when it is not.
const Metadata* head_of(const Job& job, const Catalog& catalog, const wire::Ref& ref) {
    const Step* step = job.find(ref);
    if (step && step->drops) return nullptr;
    if (step && step->stores) return &step->description.metadata;
    const CatalogEntry* entry = catalog.find(ref);
    return entry ? &entry->metadata : nullptr;
}

// Why no action is run on `ref`, which `step` of the job is about, if any.
std::optional<Error> reason_against(const Job& job, const Catalog& catalog, const wire::Ref& ref) {
    const Step* step = job.find(ref);
    const auto code = [](const Step& of) {
        return of.done.error ? of.done.error->code : Errc::internal;
    };
    if (step && failed(*step)) {
        return Error{code(*step), text_of(ref) + " failed: " + words_of(*step)};
    }
    if (step && skipped(*step)) {
        return Error{code(*step), text_of(ref) + " was skipped: " + words_of(*step)};
    }
    const Metadata* metadata = head_of(job, catalog, ref);
    if (metadata && metadata->policy == wire::Policy::audit) {
        return Error{Errc::denied, text_of(ref) + " is under the policy audit: it is left alone"};
    }
    return std::nullopt;
}

}  // namespace

std::set<std::string> collections_of(const Job& job, const Catalog& catalog) {
    std::set<std::string> names = job.collections;
    for (const wire::ResourceRequest& request : job.inbox.resources) {
        names.insert(request.ref.collection);
        std::vector<const wire::Relations*> all{&request.relations};
        if (const CatalogEntry* entry = catalog.find(request.ref);
            entry && job.inbox.verb != wire::Verb::invoke) {
            all.push_back(&entry->metadata.relations);
        }
        if (job.kind == Job::Kind::notice) continue;
        for (const wire::Relations* relations : all) {
            for (const wire::Ref& need : relations->required) names.insert(need.collection);
            // Notices after a repair are a job of their own.
            if (job.kind == Job::Kind::repair) continue;
            for (const wire::Notification& notice : relations->notified)
                names.insert(notice.ref.collection);
        }
    }
    return names;
}

void arrange(Job& job) {
    std::vector<wire::RelatedResource> entries;
    for (const Step& step : job.steps) {
        entries.push_back({step.request.ref, step.description.metadata.relations, ""});
    }
    if (const auto order = wire::in_order(entries)) {
        std::vector<Step> steps;
        for (const std::size_t at : *order) steps.push_back(std::move(job.steps[at]));
        if (job.inbox.verb == wire::Verb::remove) std::reverse(steps.begin(), steps.end());
        job.steps = std::move(steps);
    } else {
        for (Step& step : job.steps) {
            if (!step.goes) continue;
            step.goes = step.drops = false;
            step.done.outcome = wire::Outcome::failed;
            step.done.error = order.error();
        }
    }
    for (std::size_t i = 0; i < job.steps.size(); ++i) {
        job.places.emplace(job.steps[i].request.ref, i);
    }
}

std::optional<Error> blocking_reason(const Job& job, const Catalog& catalog, Step& step) {
    if (job.inbox.verb != wire::Verb::apply || step.is_notice()) return std::nullopt;
    for (const wire::Ref& need : step.description.metadata.relations.required) {
        const std::string begin = "it requires " + text_of(need) + ", which ";
        const Step* other = job.find(need);
        if (other && failed(*other)) {
            step.root = need;
            const Errc code = other->done.error ? other->done.error->code : Errc::internal;
            return Error{code, begin + "failed: " + words_of(*other)};
        }
        if (other && skipped(*other)) {
            step.root = other->root.value_or(need);
            const Errc code = other->done.error ? other->done.error->code : Errc::internal;
            return Error{code, begin + (other->root ? "was skipped because " +
                                                          text_of(*other->root) + " failed"
                                                    : "was skipped: " + words_of(*other))};
        }
        const CatalogEntry* entry = other ? nullptr : catalog.find(need);
        if (entry && entry->status.compliance.status == wire::Verdict::failed) {
            step.root = need;
            return Error{Errc::conflict, begin + "has failed: " + entry->status.compliance.reason};
        }
    }
    return std::nullopt;
}

std::vector<std::size_t> group_of(Job& job, const Catalog& catalog) {
    std::vector<std::size_t> group{job.at};
    const Step& first = job.steps[job.at];
    const auto may_share = [&job](const Step& step) {
        return job.inbox.verb == wire::Verb::apply && !step.is_notice() &&
               notified_by(job, step).empty();
    };
    if (!may_share(first)) return group;
    for (std::size_t i = job.at + 1; i < job.steps.size() && group.size() < kGroupMax; ++i) {
        Step& step = job.steps[i];
        if (!step.goes) continue;
        const bool is_alike = step.request.ref.collection == first.request.ref.collection &&
                              is_audit(step) == is_audit(first);
        const bool is_tied = std::any_of(
            group.begin(), group.end(), [&](std::size_t at) { return needs(step, job.steps[at]); });
        if (!is_alike || is_tied || !may_share(step) || blocking_reason(job, catalog, step)) break;
        group.push_back(i);
    }
    return group;
}

const wire::Ref* planned_before(const Job& job, const Step& step) {
    for (const wire::Ref& need : step.description.metadata.relations.required) {
        const Step* other = job.find(need);
        const bool changes = other && other->done.outcome == wire::Outcome::planned &&
                             (other->done.error || !other->done.changes.empty());
        if (changes) return &need;
    }
    return nullptr;
}

const std::vector<wire::Notification>& notified_by(const Job& job, const Step& step) {
    static const std::vector<wire::Notification> kNone;
    const OpenName<wire::Verb>& verb = job.inbox.verb;
    const bool changes = (verb == wire::Verb::apply || verb == wire::Verb::remove) &&
                         !step.is_notice() &&
                         step.description.metadata.policy != wire::Policy::audit;
    return changes ? step.description.metadata.relations.notified : kNone;
}

void add_notices(Job& job, const Catalog& catalog) {
    job.noticed = true;
    std::vector<Step> notices;
    std::map<wire::Notification, std::size_t> places;
    for (const Step& step : job.steps) {
        if (step.done.outcome != wire::Outcome::done && step.done.outcome != wire::Outcome::planned)
            continue;
        for (const wire::Notification& notice : step.owed) {
            const auto [lane, is_new] = places.emplace(notice, notices.size());
            if (is_new) {
                Step one;
                one.request.ref = one.done.ref = notice.ref;
                one.request.action = one.done.action = notice.action;
                if (const auto* held = catalog.generation_of(notice.ref))
                    one.done.generation = *held;
                const Metadata* metadata = head_of(job, catalog, notice.ref);
                one.moot = !metadata || metadata->absent;
                if (one.moot) {
                    skip(one, {Errc::not_found, text_of(notice.ref) + " is not wanted any more"});
                } else if (auto reason = reason_against(job, catalog, notice.ref)) {
                    skip(one, *std::move(reason));
                }
                notices.push_back(std::move(one));
            }
            notices[lane->second].sources.push_back(step.request.ref);
        }
    }
    for (Step& each : notices) job.steps.push_back(std::move(each));
}

std::vector<PendingNotifications> pending_after(const Job& job, const Catalog& catalog) {
    std::set<wire::Notification> paid;
    for (const Step& step : job.steps) {
        if (!step.is_notice()) continue;
        if (step.moot || step.done.outcome == wire::Outcome::done) {
            paid.insert({step.request.ref, step.request.action});
        }
    }
    std::vector<PendingNotifications> pending_notifications;
    for (const Step& step : job.steps) {
        const bool owed_before = catalog.pending_notifications.contains(step.request.ref);
        if (step.is_notice() || !step.settled || !(step.foreseen || owed_before)) continue;
        PendingNotifications pending{step.request.ref, {}};
        for (const wire::Notification& notice : step.owed) {
            // A failure tells nobody: what it may have changed stays owed.
            if (step.done.outcome == wire::Outcome::failed || !paid.contains(notice)) {
                pending.notices.push_back(notice);
            }
        }
        pending_notifications.push_back(std::move(pending));
    }
    return pending_notifications;
}

}  // namespace evenkeel::agent
