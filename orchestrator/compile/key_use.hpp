#pragma once

#include <set>
#include <string>
#include <vector>

#include "orchestrator/compile/compile.hpp"

// In which resources a setting is used. Pure. [any]
namespace evenkeel::compile {

// A rule whose templates look up one of some keys.
struct RuleUse {
    const ResourceRule* rule = nullptr;
    bool is_in_when = false;  // then whether there is such a resource depends on it
};
// Those of the application, in their order. O(names in its templates)
std::vector<RuleUse> rules_using(const Application& application, const std::set<std::string>& keys);

// What these rules of the assignment's application make on the host, as far as their ids can be
// rendered: else the id is the template as it is written. Where `when` uses a key, or cannot be
// rendered, the resource counts although it may not be there now. Of `sources` only settings and
// peers are asked for. At most kHostResourcesMost.
std::vector<wire::Ref> refs_of(const Host& host, const Assigned& assigned,
                               const std::vector<RuleUse>& rules, const Sources& sources);

}  // namespace evenkeel::compile
