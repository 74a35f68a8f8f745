#pragma once

#include <set>

#include "core/agent/compliance/assess.hpp"
#include "core/agent/model/event_draft.hpp"
#include "core/agent/model/records.hpp"
#include "core/base/result.hpp"
#include "core/run/loop.hpp"
#include "core/wire/resource.hpp"

namespace evenkeel::agent {

class Catalog;
class Journal;
struct CatalogEntry;

// A status that memory has already and that is to be committed, its events and what belongs to it
// in one transaction: whatever ends a drift says so together with the verdict.
struct StatusChange {
    std::vector<EventDraft> drafts;
    Observation observation;
    ResourceStatus before;
    std::uint64_t verdict = 0;  // CatalogEntry::verdicts
    bool by_us = false;         // a repair has changed something
};

// Takes what checks and changes have found, assesses it, and commits the new status of the resource
// with the event that reports it. Nothing new costs nothing: no commit, no event. After a failed
// commit the status is as it was, and the resource is checked again a second later. [loop]
class ComplianceTracker {
  public:
    ComplianceTracker(Catalog& catalog, Journal& journal, run::Loop& loop);

    // After the commit, under `enforce`: this resource is not as described.
    std::function<void(const wire::Ref&)> on_noncompliant;
    // After the commit: its status has changed, and it needs no repair.
    std::function<void(const wire::Ref&)> on_settled;
    // Its new status could not be committed: it is to be checked again.
    std::function<void(const wire::Ref&)> on_unrecorded;

    // A check saw this.
    void record_check(CatalogEntry& entry, const CheckResult& check_result, CheckTrigger trigger);
    // The stamp of the entry while its verdict is that the state is as described, else empty.
    static std::string known_stamp(const CatalogEntry& entry);
    // A repair did this. The caller commits it with the rest of the repair's end, and then calls
    // on_commit.
    StatusChange assess_repair(CatalogEntry& entry, const ApplyResult& apply_result);
    void on_commit(const StatusChange& change, const Result<void>& stored);
    // Repairs are stopped for a while: the verdict is failed, with the reason.
    void stop_repairing(CatalogEntry& entry, const std::string& reason);
    void unknown(CatalogEntry& entry, wire::UnknownReason reason);
    // Every resource of the collection, as far as it is watched.
    void unknown_all(const std::string& collection, wire::UnknownReason reason);

    // A `resource.observed` with the present status.
    EventDraft present(const CatalogEntry& entry) const;
    // The data of an event about a resource.
    static json::Value data_of(const CatalogEntry& entry, const std::vector<wire::Change>& changes,
                               const json::Value& state);
    static Observation observation_of(const CatalogEntry& entry, const json::Value& state);
    // Gives the resource its new status in memory.
    static StatusChange take(CatalogEntry& entry, const Assessment& assessment,
                             const std::vector<wire::Change>& changes, const json::Value& state);

    // Drifts that no event announced, since the start.
    std::uint64_t found_by_sweep() const { return found_by_sweep_; }

  private:
    void settle(CatalogEntry& entry, const Assessment& assessment,
                const std::vector<wire::Change>& changes, const json::Value& state);
    json::Value known_state(const wire::Ref& ref) const;
    void report_changed_state(const wire::Ref& ref);
    void report_changed_states();
    void check_unrecorded_soon();
    void check_again(const wire::Ref& ref);

    Catalog& catalog_;
    Journal& journal_;
    run::Loop& loop_;
    std::uint64_t found_by_sweep_ = 0;
    // States that changed without drift are reported once a second, however often they change.
    std::set<wire::Ref> changed_states_;
    run::Timer changed_timer_;
    std::set<wire::Ref> unrecorded_;
    std::size_t again_at_once_ = 1;  // of those
    run::Timer unrecorded_timer_;
};

}  // namespace evenkeel::agent
