#include "core/agent/runs/due_actions.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "core/agent/lanes/collection_runner.hpp"
#include "core/agent/model/catalog.hpp"
#include "core/agent/model/check_result.hpp"
#include "core/agent/store/journal.hpp"

namespace evenkeel::agent {
namespace {

// The metadata of the resource after the steps; null when it is not described then.
const Metadata* metadata_after(const StepList& steps, const Catalog& catalog,
                               const wire::Ref& ref) {
    const Step* step = steps.find(ref);
    if (step && step->drops()) return nullptr;
    if (step && step->stores()) return &step->description.metadata;
    const CatalogEntry* entry = catalog.find(ref);
    return entry ? &entry->metadata : nullptr;
}

// The reason not to run an action on `ref` although it is described, if there is one.
std::optional<Error> reason_against(const StepList& steps, const wire::Ref& ref,
                                    const Metadata& metadata) {
    const Step* step = steps.find(ref);
    if (step && (has_failed(*step) || was_skipped(*step))) {
        const Errc code = step->result.error ? step->result.error->code : Errc::internal;
        const char* what = has_failed(*step) ? " failed: " : " was skipped: ";
        return Error{code, text_of(ref) + what + reason_of(*step)};
    }
    if (metadata.policy == wire::Policy::audit) {
        return Error{Errc::denied, text_of(ref) + " is under the policy audit: it is left alone"};
    }
    return std::nullopt;
}

NotificationStep notification_step(const wire::Notification& notification, const StepList& steps,
                                   const Catalog& catalog) {
    const wire::Ref& ref = notification.ref;
    NotificationStep step;
    step.notification = notification;
    step.result.ref = ref;
    step.result.action = notification.action;
    if (const auto* current = catalog.generation_of(ref)) step.result.generation = *current;
    const Metadata* metadata = metadata_after(steps, catalog, ref);
    if (!metadata || metadata->absent) {
        skip(step, {Errc::not_found, text_of(ref) + " is not wanted any more"});
        step.state = NotificationStep::State::obsolete;
    } else if (auto reason = reason_against(steps, ref, *metadata)) {
        skip(step, std::move(*reason));
    }
    return step;
}

bool is_through(const Step& step) {
    return step.result.outcome == wire::Outcome::done ||
           step.result.outcome == wire::Outcome::planned;
}

void record(Journal& journal, PendingNotifications pending,
            std::function<void(Result<std::optional<ApplyResult>>)> done) {
    const auto write = [&store = journal.store(), pending = std::move(pending)](
                           store::WriteTxn& txn, const auto&) { return store.put(txn, pending); };
    journal.commit({}, write, [done = std::move(done)](const Result<void>& stored) {
        if (!stored) return done(fail(stored.error()));
        done(std::optional<ApplyResult>());
    });
}

}  // namespace

const std::vector<wire::Notification>& notified_by(const Metadata& metadata) {
    static const std::vector<wire::Notification> kNone;
    return metadata.policy == wire::Policy::audit ? kNone : metadata.relations.notified;
}

const std::vector<wire::Notification>& notified_by(const Step& step) {
    static const std::vector<wire::Notification> kNone;
    return step.stores() ? notified_by(step.description.metadata) : kNone;
}

bool may_notify(const InboxCommand& command, const Catalog& catalog) {
    return std::any_of(command.resources.begin(), command.resources.end(),
                       [&catalog](const wire::ResourceRequest& request) {
                           const CatalogEntry* entry = catalog.find(request.ref);
                           return !request.relations.notified.empty() ||
                                  (entry && !entry->metadata.relations.notified.empty()) ||
                                  catalog.pending_notifications.contains(request.ref);
                       });
}

std::vector<wire::Notification> due_after(const Metadata& metadata, bool changed,
                                          const Catalog& catalog) {
    return changed ? notified_by(metadata) : catalog.pending_for(metadata);
}

void record_before_change(Journal& journal, CollectionRunner& runner, PluginCall plugin_call,
                          BeforeChange before) {
    if (!before.check) {
        return record(journal, std::move(before.pending), std::move(before.done));
    }
    runner.run<std::optional<ApplyResult>>(
        std::move(plugin_call), std::move(before.check),
        [&journal, pending = std::move(before.pending),
         done = std::move(before.done)](Result<std::optional<ApplyResult>> found) {
            if (!found || *found) return done(std::move(found));
            record(journal, pending, done);
        });
}

std::vector<NotificationStep> due_notifications(const StepList& steps, const Catalog& catalog) {
    std::vector<NotificationStep> due;
    std::map<wire::Notification, std::size_t> places;
    for (const Step& step : steps) {
        if (!is_through(step) || !step.due.actions) continue;
        for (const wire::Notification& notification : *step.due.actions) {
            const auto [place, is_new] = places.emplace(notification, due.size());
            if (is_new) due.push_back(notification_step(notification, steps, catalog));
            due[place->second].sources.push_back(step.request.ref);
        }
    }
    return due;
}

void skip(NotificationStep& step, Error reason) {
    step.state = NotificationStep::State::skipped;
    step.result.outcome = wire::Outcome::skipped;
    step.result.error = std::move(reason);
}

std::vector<PendingNotifications> pending_after(const StepList& steps,
                                                const std::vector<NotificationStep>& notifications,
                                                const Catalog& catalog) {
    std::set<wire::Notification> settled;
    for (const NotificationStep& each : notifications) {
        const bool is_run = each.result.outcome == wire::Outcome::done;
        if (is_run || each.state == NotificationStep::State::obsolete) {
            settled.insert(each.notification);
        }
    }
    std::vector<PendingNotifications> after;
    for (const Step& step : steps) {
        const bool pending_before = catalog.pending_notifications.contains(step.request.ref);
        if (!step.due.actions || !(step.due.recorded || pending_before)) continue;
        PendingNotifications pending{step.request.ref, {}};
        for (const wire::Notification& each : *step.due.actions) {
            // After a failure no action is run. The failed step may have changed something, so its
            // actions stay pending.
            if (has_failed(step) || !settled.contains(each)) pending.notices.push_back(each);
        }
        after.push_back(std::move(pending));
    }
    return after;
}

}  // namespace evenkeel::agent
