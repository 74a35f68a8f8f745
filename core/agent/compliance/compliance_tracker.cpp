#include "core/agent/compliance/compliance_tracker.hpp"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "core/agent/model/catalog.hpp"
#include "core/agent/store/journal.hpp"
#include "core/base/log.hpp"
#include "core/base/time.hpp"

namespace evenkeel::agent {

using wire::Policy;
using wire::Verdict;

namespace {

// Whether it is not as described and must be repaired.
bool needs_repair(const CatalogEntry& entry) {
    const Verdict status = entry.status.compliance.status;
    return entry.metadata.policy == Policy::enforce &&
           (status == Verdict::drifted || status == Verdict::failed);
}

}  // namespace

ComplianceTracker::ComplianceTracker(Catalog& catalog, Journal& journal, run::Loop& loop)
    : catalog_(catalog), journal_(journal), loop_(loop) {}

json::Value ComplianceTracker::data_of(const CatalogEntry& entry,
                                       const std::vector<wire::Change>& changes,
                                       const json::Value& state) {
    return json::Object{{"collection", entry.metadata.ref.collection},
                        {"id", entry.metadata.ref.id},
                        {"policy", wire::to_string(entry.metadata.policy)},
                        {"generation", wire::encode(entry.metadata.generation)},
                        {"compliance", wire::encode(entry.status.compliance)},
                        {"changes", wire::encode(changes)},
                        {"state", state}};
}

Observation ComplianceTracker::observation_of(const CatalogEntry& entry, const json::Value& state) {
    return {entry.metadata.ref, entry.status, state,
            entry.observed_ms == 0 ? std::string() : to_rfc3339(entry.observed_ms),
            entry.metadata.policy == Policy::enforce &&
                entry.status.compliance.status == Verdict::drifted};
}

json::Value ComplianceTracker::known_state(const wire::Ref& ref) const {
    const auto observation = journal_.store().observation(ref);
    return observation && *observation ? (*observation)->state : json::Value();
}

std::string ComplianceTracker::known_stamp(const CatalogEntry& entry) {
    const bool holds = entry.status.compliance.status == Verdict::compliant && !entry.status.open &&
                       !entry.repairing;
    return holds ? entry.stamp : std::string();
}

void ComplianceTracker::record_check(CatalogEntry& entry, const CheckResult& check_result,
                                     CheckTrigger trigger) {
    entry.stamp = check_result.stamp;
    if (check_result.unchanged) {
        entry.observed_ms = now_unix_ms();
        entry.checked_ns = now_monotonic_ns();
        return;
    }
    CheckContext context{entry.metadata.policy, trigger, now_rfc3339(), false, std::nullopt};
    // An earlier process had begun to repair it: if it is compliant now, that repair is reported.
    context.by_us = std::exchange(entry.repairing, false);
    if (check_result.error && check_result.error->code == Errc::stale) {
        log::info("a resource cannot be judged", {{"collection", entry.metadata.ref.collection},
                                                  {"id", entry.metadata.ref.id},
                                                  {"why", check_result.error->what}});
    } else if (check_result.error) {
        log::warning("cannot check a resource", {{"collection", entry.metadata.ref.collection},
                                                 {"id", entry.metadata.ref.id},
                                                 {"why", check_result.error->what}});
    } else {
        entry.observed_ms = now_unix_ms();
        entry.checked_ns = now_monotonic_ns();
    }
    const Verdict before = entry.status.compliance.status;
    const std::size_t state_before = entry.status.state_hash;
    Assessment assessment = assess(entry.status, check_result, context);
    if (assessment.report == ReportKind::drifted && trigger == CheckTrigger::sweep)
        ++found_by_sweep_;
    if (assessment.report == ReportKind::observed && before == Verdict::compliant) {
        assessment.report = ReportKind::none;
        report_changed_state(entry.metadata.ref);
    }
    if (assessment.report == ReportKind::none && assessment.status.state_hash == state_before) {
        entry.status = assessment.status;
        if (needs_repair(entry) && on_noncompliant) on_noncompliant(entry.metadata.ref);
        return;
    }
    const json::Value state =
        check_result.error ? known_state(entry.metadata.ref) : check_result.state;
    settle(entry, assessment, {}, state);
}

StatusChange ComplianceTracker::assess_repair(CatalogEntry& entry,
                                              const ApplyResult& apply_result) {
    CheckContext context{entry.metadata.policy, CheckTrigger::apply, now_rfc3339(),
                         !apply_result.changes.empty(), apply_result.error};
    if (!apply_result.check_result.error) {
        entry.observed_ms = now_unix_ms();
        entry.checked_ns = now_monotonic_ns();
    }
    entry.stamp = apply_result.check_result.stamp;
    changed_states_.erase(entry.metadata.ref);
    StatusChange change = take(entry, assess(entry.status, apply_result.check_result, context),
                               apply_result.changes, apply_result.check_result.state);
    change.by_us = context.by_us;
    return change;
}

void ComplianceTracker::stop_repairing(CatalogEntry& entry, const std::string& reason) {
    Assessment assessment{entry.status, ReportKind::failed};
    wire::Compliance& compliance = assessment.status.compliance;
    if (compliance.status == Verdict::failed && compliance.reason == reason) return;
    if (compliance.status != Verdict::failed) compliance.since = now_rfc3339();
    compliance.status = Verdict::failed;
    compliance.reason = reason;
    assessment.status.failure = reason;
    assessment.status.open = true;
    settle(entry, assessment, {}, known_state(entry.metadata.ref));
}

void ComplianceTracker::unknown(CatalogEntry& entry, wire::UnknownReason reason) {
    Assessment assessment = agent::unknown(entry.status, reason, now_rfc3339());
    if (assessment.report == ReportKind::none) return;
    settle(entry, assessment, {}, known_state(entry.metadata.ref));
}

void ComplianceTracker::unknown_all(const std::string& collection, wire::UnknownReason reason) {
    for (const std::string& id : catalog_.ids_of(collection)) {
        CatalogEntry* entry = catalog_.find({collection, id});
        if (entry->metadata.policy != Policy::off) unknown(*entry, reason);
    }
}

StatusChange ComplianceTracker::take(CatalogEntry& entry, const Assessment& assessment,
                                     const std::vector<wire::Change>& changes,
                                     const json::Value& state) {
    StatusChange change;
    change.before = entry.status;
    entry.status = assessment.status;
    change.verdict = ++entry.verdicts;
    change.observation = observation_of(entry, state);
    if (const auto kind = kind_of(assessment.report)) {
        change.drafts.push_back({*kind, data_of(entry, changes, state), {entry.metadata.ref}, ""});
    }
    return change;
}

void ComplianceTracker::settle(CatalogEntry& entry, const Assessment& assessment,
                               const std::vector<wire::Change>& changes, const json::Value& state) {
    StatusChange change = take(entry, assessment, changes, state);
    if (!change.drafts.empty()) changed_states_.erase(entry.metadata.ref);
    std::vector<EventDraft> drafts = std::exchange(change.drafts, {});
    const auto write = [&store = journal_.store(), observation = change.observation](
                           store::WriteTxn& txn, const auto&) {
        return store.put(txn, observation);
    };
    journal_.commit(std::move(drafts), write,
                    [this, change = std::move(change)](const Result<void>& stored) {
                        on_commit(change, stored);
                    });
}

void ComplianceTracker::on_commit(const StatusChange& change, const Result<void>& stored) {
    const wire::Ref& ref = change.observation.ref;
    CatalogEntry* entry = catalog_.find(ref);
    if (!entry) return;
    if (!stored) {
        // Unless it has got another status meanwhile, whose commit is under way.
        if (entry->verdicts == change.verdict) entry->status = change.before;
        entry->repairing |= change.by_us;
        entry->stamp.clear();
        return check_again(ref);
    }
    const auto& next = needs_repair(*entry) ? on_noncompliant : on_settled;
    if (next) next(ref);
}

void ComplianceTracker::check_again(const wire::Ref& ref) {
    unrecorded_.insert(ref);
    again_at_once_ = 1;
    if (!unrecorded_timer_.pending()) check_unrecorded_soon();
}

// Twice as many each second while all goes well: where there is room for a few, all at once would
// leave room for none.
void ComplianceTracker::check_unrecorded_soon() {
    unrecorded_timer_ = loop_.after(std::chrono::seconds(1), [this] {
        const std::size_t count = std::min(again_at_once_, unrecorded_.size());
        again_at_once_ *= 2;
        const auto end = std::next(unrecorded_.begin(), static_cast<std::ptrdiff_t>(count));
        const std::vector<wire::Ref> now(unrecorded_.begin(), end);
        unrecorded_.erase(unrecorded_.begin(), end);
        if (!unrecorded_.empty()) check_unrecorded_soon();
        for (const wire::Ref& each : now) {
            if (on_unrecorded) on_unrecorded(each);
        }
    });
}

EventDraft ComplianceTracker::present(const CatalogEntry& entry) const {
    return {wire::EventKind::resource_observed,
            data_of(entry, {}, known_state(entry.metadata.ref)),
            {entry.metadata.ref},
            ""};
}

void ComplianceTracker::report_changed_state(const wire::Ref& ref) {
    changed_states_.insert(ref);
    if (changed_timer_.pending()) return;
    changed_timer_ = loop_.after(std::chrono::seconds(1), [this] { report_changed_states(); });
}

void ComplianceTracker::report_changed_states() {
    for (const wire::Ref& ref : std::exchange(changed_states_, {})) {
        const CatalogEntry* entry = catalog_.find(ref);
        if (!entry) continue;
        journal_.commit({present(*entry)}, {}, [this, ref](const Result<void>& stored) {
            if (!stored) report_changed_state(ref);
        });
    }
}

}  // namespace evenkeel::agent
