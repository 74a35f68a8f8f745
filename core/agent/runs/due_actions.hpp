#pragma once

#include <functional>

#include "core/agent/runs/step.hpp"

// What "notifies" means: actions that a change makes due. They are stored before the change begins,
// so that a kill at any moment loses none of them, and erased once they have run or nothing was
// changed. The same for commands, plans and repairs. [loop]
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
// Whether the command names such actions, or what it is about has them, by its description or
// pending.
bool may_notify(const InboxCommand& command, const Catalog& catalog);

// The actions that are due after a change: all of them when it changed something, else those that
// were pending before and that the description still names.
std::vector<wire::Notification> due_after(const Metadata& metadata, bool changed,
                                          const Catalog& catalog);

// What is done before a change that makes actions due.
struct BeforeChange {
    // Runs on the lane; returns a result when the resource is compliant already. Empty: it is not
    // checked.
    std::function<std::optional<ApplyResult>(LaneContext&, const plugin::Call&)> check;
    PendingNotifications pending;
    // Gets that result, and no action becomes due; or nothing, when `pending` is stored and the
    // change may begin; or the error of either. Never called inside record_before_change().
    std::function<void(Result<std::optional<ApplyResult>>)> done;
};
void record_before_change(Journal& journal, CollectionRunner& runner, PluginCall plugin_call,
                          BeforeChange before);

// The actions that are due after the changes of all steps, each once. Those that cannot be run are
// skipped already, with the reason.
std::vector<NotificationStep> due_notifications(const StepList& steps, const Catalog& catalog);

// Ends one without running it.
void skip(NotificationStep& step, Error reason);

// What stays pending after the steps, for each resource that had pending actions.
std::vector<PendingNotifications> pending_after(const StepList& steps,
                                                const std::vector<NotificationStep>& notifications,
                                                const Catalog& catalog);

}  // namespace evenkeel::agent
