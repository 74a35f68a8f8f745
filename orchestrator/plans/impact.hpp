#pragma once

#include <cstdint>

#include "orchestrator/plans/groups.hpp"
#include "orchestrator/plans/reader.hpp"

namespace evenkeel::state {
class SchemaCache;
}

namespace evenkeel::plans {

// Where one setting counts.
struct Impact {
    std::uint64_t hosts = 0;
    std::uint64_t resources = 0;  // on all of them together
    // Hosts on which it is used in the same resources are one group.
    GroupList groups;

    // {"summary","groups","more_groups"} as REST shows them
    json::Value shown() const;
};

// The active hosts on which the value of a key comes from the setting at `place`, be it by links or
// as a part of a merged one, and is used in resources. There may be none at `place` now: then where
// it would count. O(hosts found by the index of names), off the loop; `cancelled` once the moment
// stops.
Result<Impact> find_impact(const Moment& moment, const state::SchemaCache& schemas,
                           const compile::Place& place);

}  // namespace evenkeel::plans
