#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/agent/model/event_draft.hpp"
#include "core/agent/model/records.hpp"

namespace evenkeel::agent {

// The verb and the origin of a command or plan: what the decision about a resource needs of it.
struct Intent {
    OpenName<wire::Verb> verb;
    wire::Origin origin = wire::Origin::orchestrator;
    bool detach = false;  // a local administrator may take over what the orchestrator describes

    bool is_local() const { return origin == wire::Origin::local; }
};

// What is done with a resource. Decided once, when the turn of its command has come.
enum class Decision {
    leave,       // nothing is done or stored: it is invalid, or the command ended before
    store_only,  // it is invalid, but the orchestrator's description is stored
    supersede,   // the host has a newer description
    apply,
    remove,
    forget,
    invoke,
};

// The progress of a step. Only a waiting one is given to a plugin.
enum class Progress { waiting, skipped, finished };

// The actions that a change makes due, from before it until they have run.
struct DueActions {
    bool recorded = false;  // on disk since before the change
    // Those that are due after the step; unset while that is not known.
    std::optional<std::vector<wire::Notification>> actions;
};

// One resource of a command or a plan: the decision about it, its progress and its result.
struct Step {
    wire::ResourceRequest request;
    Decision decision = Decision::leave;
    Progress progress = Progress::finished;
    Description description;  // as it is stored; without a body for forget and invoke
    wire::ResourceResult result;
    DueActions due;
    bool replaced = false;           // the metadata, without left_secret, is to be stored
    std::optional<wire::Ref> root;   // the resource whose failure is why this one is skipped
    std::vector<EventDraft> drafts;  // committed with the end of the run

    // The description is stored before anything is done.
    bool stores() const;
    // The description is dropped at the end.
    bool drops() const;
    bool is_audit() const;
};

// An action that the changes of a run make due; it runs after all of them.
struct NotificationStep {
    // `obsolete`: the resource is not described any more, so the action is dropped.
    enum class State { waiting, skipped, obsolete, finished };

    wire::Notification notification;
    State state = State::waiting;
    std::vector<wire::Ref> sources;  // what was changed
    wire::ResourceResult result;
};

// The steps of a command or a plan, in the order of the work.
class StepList {
  public:
    explicit StepList(Intent intent) : intent_(std::move(intent)) {}

    const Intent& intent() const { return intent_; }
    // Takes the steps in their final order.
    void assign(std::vector<Step> steps);
    // The step of a resource, or null.
    const Step* find(const wire::Ref& ref) const;

    Step& operator[](std::size_t at) { return steps_[at]; }
    const Step& operator[](std::size_t at) const { return steps_[at]; }
    std::size_t size() const { return steps_.size(); }
    auto begin() { return steps_.begin(); }
    auto end() { return steps_.end(); }
    auto begin() const { return steps_.begin(); }
    auto end() const { return steps_.end(); }

  private:
    Intent intent_;
    std::vector<Step> steps_;
    std::map<wire::Ref, std::size_t> places_;
};

// A step with nothing decided.
Step step_for(const wire::ResourceRequest& request);

// Ends a step without a call.
void finish(Step& step, wire::Outcome outcome, std::optional<Error> error);
void skip(Step& step, Error reason, std::optional<wire::Ref> root = {});

bool has_failed(const Step& step);
// Whether it was skipped for a reason within this run; a superseded step is not counted.
bool was_skipped(const Step& step);
// Why it failed or was skipped, for messages.
const std::string& reason_of(const Step& step);

// Whether anything was done, not just planned.
bool changed(const std::vector<wire::Change>& changes);

// The descriptions of the steps at `group`, for one call of a plugin; and their ids for messages:
// "htop", "htop and 19 more".
std::vector<Description> descriptions_of(const StepList& steps,
                                         const std::vector<std::size_t>& group);
std::string names_of(const StepList& steps, const std::vector<std::size_t>& group);

}  // namespace evenkeel::agent
