#pragma once

#include <set>
#include <string>
#include <vector>

#include "core/agent/model/catalog.hpp"
#include "core/agent/work/job.hpp"

// What "requires" and "notifies" mean for a job. Functions of job and book, which change the job
// only. [loop]
namespace evenkeel::agent {

// The collections that the job touches or names: it waits for all of them, so that what it requires
// and what it notifies is not at work elsewhere.
std::set<std::string> collections_of(const Job& job, const Catalog& catalog);

// Puts the prepared steps into the order of the work; removals go the other way round. In a cycle
// nothing is done: the steps fail with its name.
void arrange(Job& job);

// Why `step` is skipped: what it requires has failed, in this job or before it.
std::optional<Error> blocking_reason(const Job& job, const Catalog& catalog, Step& step);

// The steps, from the job's next one on, that one call of a plugin that batches can do: they follow
// each other, are of one collection and do not require each other. What owes an action goes alone,
// because the action is on disk before its change is begun.
std::vector<std::size_t> group_of(Job& job, const Catalog& catalog);

// What may be changed by the step makes actions due; nothing does under `audit`.
const std::vector<wire::Notification>& notified_by(const Job& job, const Step& step);

// Of a plan: something that `step` requires and that will be changed before it; null when nothing
// is.
const wire::Ref* planned_before(const Job& job, const Step& step);

// Adds the notices that are due after the job's changes, each once, as steps; those that will not
// be run are skipped already, with the reason.
void add_notices(Job& job, const Catalog& catalog);

// What the job leaves owed, by those of its resources that owed something.
std::vector<PendingNotifications> pending_after(const Job& job, const Catalog& catalog);

}  // namespace evenkeel::agent
