#pragma once

#include "core/agent/runs/step.hpp"

// Turns the result of a plugin's call into the result of a step and the status of its resource.
// [loop]
namespace evenkeel::agent {

class Catalog;
class Checker;
class CollectionRegistry;
struct ApplyResult;

// Of a call that failed as a whole, or was never made.
ApplyResult failed_call(const Error& error);

// Another process may be writing the resource that was just changed: its verdict is left open until
// that write has ended.
void ignore_active_writers(const wire::Ref& ref, const Catalog& catalog, const Checker& checker,
                           ApplyResult& apply_result);

// Finishes the step, and assesses the status in the catalog if the description stays stored.
void take_result(Step& step, const ApplyResult& apply_result, Catalog& catalog,
                 const CollectionRegistry& registry);
void take_result(NotificationStep& step, const ApplyResult& apply_result);

}  // namespace evenkeel::agent
