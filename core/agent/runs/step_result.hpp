#pragma once

#include "core/agent/runs/step.hpp"

// What a plugin did becomes the result of a step and the status of its resource. [loop]
namespace evenkeel::agent {

class Catalog;
class Checker;
class CollectionRegistry;
struct ApplyResult;

// Of a call that failed as a whole, or was never made.
ApplyResult failed_call(const Error& error);
Error no_plugin_for(const std::string& collection);

// What we have just made and somebody else is changing now is judged when they have finished.
void ignore_active_writers(const wire::Ref& ref, const Catalog& catalog, const Checker& checker,
                           ApplyResult& apply_result);

// Finishes the step. Of what is stored and not dropped the status in the catalog is assessed anew.
void take_result(Step& step, const ApplyResult& apply_result, Catalog& catalog,
                 const CollectionRegistry& registry);
void take_result(NotificationStep& step, const ApplyResult& apply_result);

}  // namespace evenkeel::agent
