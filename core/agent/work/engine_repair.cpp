#include <algorithm>
#include <utility>

#include "core/agent/work/engine.hpp"
#include "core/agent/work/event_drafts.hpp"
#include "core/base/id.hpp"
#include "core/base/log.hpp"
#include "core/base/time.hpp"

// The engine's third part: repairs, and the actions that are owed after them.
namespace evenkeel::agent {
namespace {

// How long an action after a repair waits for other repairs that want it too.
constexpr std::chrono::milliseconds kGather{1'000};

ApplyResult lost(const Error& error) {
    return {{}, error, CheckResult{error, nullptr, {}}};
}

std::vector<wire::Notification> notified_by(const CatalogEntry& entry) {
    if (entry.metadata.policy != wire::Policy::enforce) return {};
    return entry.metadata.relations.notified;
}

}  // namespace

void Engine::repair(const wire::Ref& ref) {
    auto job = std::make_unique<Job>();
    job->kind = Job::Kind::repair;
    job->inbox.id = make_id("repair");
    job->inbox.verb = OpenName<wire::Verb>("repair");
    wire::ResourceRequest request;
    request.ref = ref;
    job->inbox.resources.push_back(std::move(request));
    submit(std::move(job));
}

void Engine::begin_repair(Job& job) {
    const wire::Ref ref = job.inbox.resources.front().ref;
    CatalogEntry* entry = parts_.catalog.find(ref);
    CollectionRunner* runner = parts_.registry.find(ref.collection);
    const bool is_needed = entry && runner && entry->metadata.policy == wire::Policy::enforce &&
                           (entry->status.compliance.status == wire::Verdict::drifted ||
                            entry->status.compliance.status == wire::Verdict::failed);
    const std::string id = job.inbox.id;
    if (!is_needed) return leave_repair(id, ref);
    entry->busy = true;
    ++entry->epoch;
    if (notified_by(*entry).empty()) return carry_out_repair(id, ref, false);
    runner->run<std::optional<ApplyResult>>(
        PluginCall("repair of " + ref.id),
        [store = parts_.store, ref](LaneContext& lane,
                                    const plugin::Call& call) -> std::optional<ApplyResult> {
            const auto description = store->description(ref);
            if (!description || !*description) return std::nullopt;
            return result_if_compliant(lane, **description, call);
        },
        [this, id, ref](Result<std::optional<ApplyResult>> apply_result) {
            if (!apply_result) return end_repair(id, ref, false, fail(apply_result.error()));
            if (*apply_result) return end_repair(id, ref, false, **std::move(apply_result));
            foresee_repair(id, ref);
        });
}

// As for a command's step: what the change will owe is on disk before it is begun.
void Engine::foresee_repair(const std::string& id, const wire::Ref& ref) {
    const CatalogEntry* entry = parts_.catalog.find(ref);
    PendingNotifications pending{ref,
                                 entry ? notified_by(*entry) : std::vector<wire::Notification>()};
    const auto write = [&store = parts_.journal.store(), pending = std::move(pending)](
                           store::WriteTxn& txn, const auto&) { return store.put(txn, pending); };
    parts_.journal.commit({}, write, [this, id, ref](const Result<void>& stored) {
        if (!stored) return end_repair(id, ref, false, fail(stored.error()));
        carry_out_repair(id, ref, true);
    });
}

void Engine::carry_out_repair(const std::string& id, const wire::Ref& ref, bool foreseen) {
    parts_.registry.find(ref.collection)
        ->run<ApplyResult>(
            PluginCall("repair of " + ref.id),
            [store = parts_.store, ref](LaneContext& lane, const plugin::Call& call) {
                auto description = store->description(ref);
                if (description && *description) {
                    return std::move(apply_all(lane, {**description}, call).front());
                }
                return lost(description ? Error{Errc::not_found, "no description"}
                                        : description.error());
            },
            [this, id, ref, foreseen](const Result<ApplyResult>& apply_result) {
                end_repair(id, ref, foreseen, apply_result);
            });
}

void Engine::leave_repair(const std::string& id, const wire::Ref& ref) {
    queue_.remove(id);
    jobs_.erase(id);
    parts_.repairs.on_over(ref);
    pump();
}

void Engine::end_repair(const std::string& id, const wire::Ref& ref, bool foreseen,
                        const Result<ApplyResult>& apply_result) {
    leave_repair(id, ref);
    CatalogEntry* entry = parts_.catalog.find(ref);
    if (!entry) return;
    entry->busy = false;
    if (apply_result) {
        ApplyResult done = *apply_result;
        ignore_active_writers(ref, done);
        parts_.assess.repaired(*entry, done);
    } else if (parts_.registry.usable(ref.collection)) {
        parts_.assess.repaired(*entry, lost(apply_result.error()));
    }
    parts_.checker.released(ref);
    PendingNotifications pending{ref, apply_result && changed(apply_result->changes)
                                          ? notified_by(*entry)
                                          : parts_.catalog.pending_for(entry->metadata)};
    parts_.catalog.put(pending);
    if (foreseen && pending.notices.empty()) commit_pending({}, {pending});
    if (apply_result && !apply_result->error) notify(ref);
}

// One job for each action and the sources of one collection: it waits a moment, and then behind the
// repairs that wait there, so that many of them lead to one action.
void Engine::notify(const wire::Ref& source) {
    const auto found = parts_.catalog.pending_notifications.find(source);
    if (found == parts_.catalog.pending_notifications.end()) return;
    for (const wire::Notification& notice : found->second) {
        const auto [lane, is_new] = waiting_.try_emplace({source.collection, notice});
        if (!is_new) continue;
        lane->second = parts_.loop.after(
            kGather, [this, from = source.collection, notice] { submit_notice(from, notice); });
    }
}

void Engine::submit_notice(const std::string& collection, const wire::Notification& notice) {
    auto job = std::make_unique<Job>();
    job->kind = Job::Kind::notice;
    job->inbox.id = make_id("notice");
    job->inbox.verb = wire::Verb::invoke;
    job->source = collection;
    job->collections = {collection};
    wire::ResourceRequest request;
    request.ref = notice.ref;
    request.action = notice.action;
    job->inbox.resources.push_back(std::move(request));
    submit(std::move(job));
}

void Engine::run_pending_notifications() {
    std::vector<wire::Ref> sources;
    for (const auto& [source, notices] : parts_.catalog.pending_notifications) {
        const CatalogEntry* entry = parts_.catalog.find(source);
        if (entry && entry->status.compliance.status == wire::Verdict::compliant) {
            sources.push_back(source);
        }
    }
    for (const wire::Ref& source : sources) notify(source);
}

void Engine::begin_notice(Job& job) {
    const std::string id = job.inbox.id;
    const wire::Notification notice{job.inbox.resources.front().ref,
                                    job.inbox.resources.front().action};
    waiting_.erase({job.source, notice});
    std::vector<wire::Ref> sources;
    for (const auto& [source, notices] : parts_.catalog.pending_notifications) {
        // Others may be at work elsewhere.
        if (!job.collections.contains(source.collection)) continue;
        const CatalogEntry* entry = parts_.catalog.find(source);
        const bool is_due = entry && entry->status.compliance.status != wire::Verdict::failed;
        if (is_due && std::find(notices.begin(), notices.end(), notice) != notices.end()) {
            sources.push_back(source);
        }
    }
    const auto leave = [this, id] {
        queue_.remove(id);
        jobs_.erase(id);
        pump();
    };
    if (sources.empty()) return leave();
    CatalogEntry* entry = parts_.catalog.find(notice.ref);
    CollectionRunner* runner = parts_.registry.find(notice.ref.collection);
    if (!entry || entry->metadata.absent) {
        full_report_sent(sources, notice, {});
        return leave();
    }
    if (!runner || entry->metadata.policy == wire::Policy::audit) return leave();
    entry->busy = true;
    ++entry->epoch;
    runner->run<ApplyResult>(
        PluginCall(notice.action + " of " + notice.ref.id),
        [notice](LaneContext& lane, const plugin::Call& call) {
            auto applied =
                lane.collection->invoke(notice.ref.id, notice.action, json::Value(), call);
            return ApplyResult{std::move(applied.changes), std::move(applied.error), {}};
        },
        [this, leave, sources, notice](const Result<ApplyResult>& apply_result) {
            leave();
            end_notice(
                sources, notice,
                apply_result ? apply_result->error : std::optional<Error>(apply_result.error()));
        });
}

void Engine::end_notice(const std::vector<wire::Ref>& sources, const wire::Notification& notice,
                        const std::optional<Error>& error) {
    CatalogEntry* entry = parts_.catalog.find(notice.ref);
    if (entry) entry->busy = false;
    log::info("an action after a repair", {{"resource", text_of(notice.ref)},
                                           {"action", notice.action},
                                           {"error", error ? error->what : ""}});
    std::vector<EventDraft> drafts;
    if (entry) drafts.push_back(resource_notified(*entry, notice.action, sources, error));
    // What has failed stays owed until its source is changed or applied again.
    if (error) {
        parts_.journal.commit(std::move(drafts), {}, {});
    } else {
        full_report_sent(sources, notice, std::move(drafts));
    }
    parts_.checker.released(notice.ref);
    parts_.checker.ask(notice.ref, CheckTrigger::check);
}

void Engine::full_report_sent(const std::vector<wire::Ref>& sources,
                              const wire::Notification& notice, std::vector<EventDraft> drafts) {
    std::vector<PendingNotifications> pending_notifications;
    for (const wire::Ref& source : sources) {
        const auto found = parts_.catalog.pending_notifications.find(source);
        if (found == parts_.catalog.pending_notifications.end()) continue;
        PendingNotifications pending{source, found->second};
        std::erase(pending.notices, notice);
        parts_.catalog.put(pending);
        pending_notifications.push_back(std::move(pending));
    }
    commit_pending(std::move(drafts), pending_notifications);
}

void Engine::commit_pending(std::vector<EventDraft> drafts,
                            const std::vector<PendingNotifications>& pending_notifications) {
    const auto write = [&store = parts_.journal.store(), pending_notifications](
                           store::WriteTxn& txn, const auto&) -> Result<void> {
        for (const PendingNotifications& pending : pending_notifications)
            EK_CHECK(store.put(txn, pending));
        return {};
    };
    parts_.journal.commit(std::move(drafts), write, {});
}

}  // namespace evenkeel::agent
