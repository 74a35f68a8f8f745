#pragma once

#include <set>

#include "core/agent/runs/step.hpp"

// What "requires" means for the steps of a command or plan: their order, what is skipped, and what
// one call may do together. Pure functions. [loop]
namespace evenkeel::agent {

class Catalog;
class CollectionRegistry;

// The collections that a command changes or names. It waits for all of them, so that no other run
// changes what it requires or notifies.
std::set<std::string> collections_of(const InboxCommand& command, const Catalog& catalog);
// The same for the repair of a resource. Its notifications are runs of their own.
std::set<std::string> collections_of_repair(const wire::Ref& ref, const Catalog& catalog);

// Sorts the steps so that what is required comes first; for removals, last. Steps in a cycle are
// not done: they fail with an error that names the cycle.
std::vector<Step> arrange(std::vector<Step> steps, const Intent& intent);

// Why a step is not begun: `root` has failed, in this list of steps or before it.
struct Blocked {
    Error reason;
    wire::Ref root;
};
std::optional<Blocked> blocked_by(const StepList& steps, const Step& step, const Catalog& catalog);

// The first step from `at` on that may begin; size() when none is left. What is blocked on the way
// is skipped.
std::size_t next_step(StepList& steps, std::size_t at, const Catalog& catalog);

// The steps, from the one at `at` on, that one call of a plugin that batches can do: they follow
// each other, are of one collection and do not require each other. What makes actions due goes
// alone, because the actions are on disk before its change is begun.
std::vector<std::size_t> group_of(const StepList& steps, std::size_t at, const Catalog& catalog);

// Of a plan: something that will be changed before `step`, which cannot be planned now and may be
// possible then; null when nothing is. It is something that `step` requires or, where what it names
// is not there, something earlier in the list of a collection that the step's comes after.
const wire::Ref* planned_before(const StepList& steps, const Step& step,
                                const CollectionRegistry& registry);

}  // namespace evenkeel::agent
