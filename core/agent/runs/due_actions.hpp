#pragma once

#include <functional>

#include "core/agent/runs/step.hpp"

// What "notifies" means: actions that a change makes due. They are on disk before the change is
// begun, so that a kill at any moment loses none of them, and are taken back once they have run or
// nothing was changed. Alike for commands, plans and repairs. [loop]
namespace evenkeel::plugin {
struct Call;
}

namespace evenkeel::agent {

class Catalog;
class CollectionRunner;
class Journal;
class LaneContext;
struct ApplyResult;
struct PluginCall;

// The actions that a change of the resource makes due; none under `audit`, which changes nothing.
const std::vector<wire::Notification>& notified_by(const Metadata& metadata);
const std::vector<wire::Notification>& notified_by(const Step& step);

// What is owed after the change: all of them when there was one, else what was owed before and is
// still asked for.
std::vector<wire::Notification> due_after(const Metadata& metadata, bool changed,
                                          const Catalog& catalog);

// What is done before a change that makes actions due.
struct BeforeChange {
    // On the lane: the result when the resource is in line already. Empty: it is not looked at.
    std::function<std::optional<ApplyResult>(LaneContext&, const plugin::Call&)> check;
    PendingNotifications pending;
    // That result, and nothing is owed anew; or nothing, when `pending` is on disk and the change
    // may begin; or the error of either. Never called at once.
    std::function<void(Result<std::optional<ApplyResult>>)> done;
};
void record_before_change(Journal& journal, CollectionRunner& runner, PluginCall plugin_call,
                          BeforeChange before);

// The actions that are due after the changes of all steps, each once. Those that will not be run
// are over already, with the reason.
std::vector<NotificationStep> due_notifications(const StepList& steps, const Catalog& catalog);

// Ends one without running it.
void skip(NotificationStep& step, Error reason);

// What the steps leave owed, by those that owed something.
std::vector<PendingNotifications> pending_after(const StepList& steps,
                                                const std::vector<NotificationStep>& notifications,
                                                const Catalog& catalog);

}  // namespace evenkeel::agent
