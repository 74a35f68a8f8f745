#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/agent/compliance/assess.hpp"
#include "core/agent/lanes/plugin_calls.hpp"
#include "core/agent/model/catalog.hpp"
#include "core/agent/store/journal.hpp"
#include "core/run/loop.hpp"

namespace evenkeel::agent {

// Takes what lanes have seen, changes the standing of the resource and commits it with the event
// that tells of it. [loop]
class ComplianceTracker {
  public:
    ComplianceTracker(Catalog& catalog, Journal& journal, run::Loop& loop);

    // After the commit, under `enforce`: this resource is not as described.
    std::function<void(const wire::Ref&)> on_out_of_line;
    // After the commit: its verdict is another one, and it needs no repair.
    std::function<void(const wire::Ref&)> on_settled;

    // A check saw this.
    void seen(CatalogEntry& entry, const CheckResult& check_result, CheckTrigger trigger);
    // A repair did this.
    void repaired(CatalogEntry& entry, const ApplyResult& apply_result);
    // RepairScheduler are given up for a while: failed, with the reason.
    void give_up(CatalogEntry& entry, const std::string& reason);
    void unknown(CatalogEntry& entry, wire::UnknownReason reason);
    // Every resource of the collection, as far as it is watched.
    void unknown_all(const std::string& collection, wire::UnknownReason reason);

    // A `resource.observed` of what is known.
    EventDraft present(const CatalogEntry& entry) const;
    // What an event says of a resource.
    static json::Value data_of(const CatalogEntry& entry, const std::vector<wire::Change>& changes,
                               const json::Value& state);
    static Observation observation_of(const CatalogEntry& entry, const json::Value& state);

    // Drifts that no event announced, since the start.
    std::uint64_t found_by_sweep() const { return found_by_sweep_; }

  private:
    void settle(CatalogEntry& entry, Assessment assessment,
                const std::vector<wire::Change>& changes, const json::Value& state);
    json::Value known_state(const wire::Ref& ref) const;
    void tell_changed_states();

    Catalog& catalog_;
    Journal& journal_;
    run::Loop& loop_;
    std::uint64_t found_by_sweep_ = 0;
    // States that changed without drift are told once a second, however often they change.
    std::set<wire::Ref> changed_states_;
    run::Timer changed_timer_;
};

}  // namespace evenkeel::agent
