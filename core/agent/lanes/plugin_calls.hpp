#pragma once

#include "core/agent/lanes/collection_runner.hpp"
#include "core/agent/model/records.hpp"

// What a lane does in its turn: calls into one plugin, put together into a check, a change or a
// plan. Functions without state of their own. A plugin's error is part of the result; each call may
// take as long as its plugin::Call allows. [lane]
namespace evenkeel::agent {

class AgentStore;

inline bool is_watched(wire::Policy policy) {
    return policy != wire::Policy::off;
}

// Reads the resource and compares it with the description.
CheckResult check(plugin::Collection& collection, const Description& description,
                  const plugin::Call& call);

// The same for many; the read of all of them is one call. A body is taken from `store`, which costs
// an opening of a seal and a parse, only where there is a state to be compared with it.
CheckResults check_all(LaneContext& lane, const AgentStore& store,
                       const std::vector<CheckRequest>& requests, const plugin::Call& call);

// Brings the resources to their descriptions, or plans it (`audit` never writes; either all are
// under it or none), watches them as the policy says, and checks them afterwards. At least one; one
// call of a plugin that batches; a result for each, in order.
std::vector<ApplyResult> apply_all(LaneContext& lane, const std::vector<Description>& descriptions,
                                   const plugin::Call& call);
// Removes the resource and stops watching it. Under `audit` nothing is removed, only planned.
ApplyResult remove_resource(LaneContext& lane, const Description& description,
                            const plugin::Call& call);
// Runs an action; reads nothing afterwards.
ApplyResult invoke(LaneContext& lane, const std::string& id, const std::string& action,
                   const json::Value& arguments, const plugin::Call& call);
// For a change that must be recorded before it begins: the result, when the resource is compliant
// already; nothing, when a change is needed.
std::optional<ApplyResult> result_if_compliant(LaneContext& lane, const Description& description,
                                               const plugin::Call& call);
// What would be changed: a result for each, in order. Checks nothing.
std::vector<ApplyResult> plan(LaneContext& lane, const std::vector<Description>& descriptions,
                              const plugin::Call& call);

// Opens a new watch, watches the resources whose policy requires it, and upgrades descriptions of
// an older schema version; returns these.
struct OpenedWatch {
    std::vector<Description> upgraded;
    std::size_t unwatched = 0;  // resources for which no watch could be set
    // The collection is not watched, and may be another time.
    bool lacks_watch = false;
};
OpenedWatch open_watch(LaneContext& lane, const AgentStore& store,
                       const std::vector<Metadata>& described, const plugin::OnHint& on_hint,
                       const plugin::Call& call);

}  // namespace evenkeel::agent
