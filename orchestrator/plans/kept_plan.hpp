#pragma once

#include <string>

#include "orchestrator/state/plan.hpp"

namespace evenkeel::secrets {
class Protector;
}
namespace evenkeel::state {
class SteadyClock;
}

// What is kept of an edit that was tried out. [any]
namespace evenkeel::plans {

struct Trial;

// A new open plan, which expires after 7 days.
state::Plan plan_of(const Trial& trial, const std::string& author, const state::SteadyClock& clock);
// What it shows, but for the changes.
state::PlanContent content_of(const Trial& trial);

// Its changes as they are kept.
std::string seal_changes(const secrets::Protector& protector, const std::string& plan,
                         const json::Value& changes);
Result<json::Value> open_changes(const secrets::Protector& protector, const std::string& plan,
                                 const std::string& sealed);

}  // namespace evenkeel::plans
