#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/agent/lanes/plugin_calls.hpp"
#include "core/agent/model/records.hpp"
#include "core/agent/store/journal.hpp"
#include "core/plugin/collection.hpp"

namespace evenkeel::agent {

// What a job came to; the shape of an outcome on the bus.
struct Outcome {
    wire::EndState state = wire::EndState::succeeded;
    std::vector<wire::ResourceResult> resources;
    std::optional<Error> error;
};
json::Value encode(const Outcome& outcome);

// One resource of a job on its way.
struct Step {
    wire::ResourceRequest request;
    Description description;  // as stored, for apply and remove
    wire::ResourceResult done;
    bool goes = true;                // to the plugin; else `done` is final
    bool stores = false;             // the description is to be stored before
    bool drops = false;              // the description is to be dropped at the end
    bool claimed = false;            // the record is held busy for it
    bool observed = false;           // there is a standing to store at the end
    std::vector<EventDraft> drafts;  // to be told with the outcome

    bool superseded = false;  // a newer description is there: skipped, but nothing has failed
    bool foreseen = false;    // what it will owe is on disk
    bool settled = false;     // `owed` is what it owes now
    std::vector<wire::Notification> owed;
    std::vector<wire::Ref> sources;  // whose notice this is; empty for a resource of the command
    bool moot = false;               // of a notice: its resource is not wanted any more
    // Which resource has failed, when this one is skipped for it.
    std::optional<wire::Ref> root;

    bool is_notice() const { return !sources.empty(); }
};

// A command, a local apply, a repair or the notices after one, from its acceptance to its outcome.
struct Job {
    enum class Kind { command, repair, notice };

    InboxCommand inbox;
    Kind kind = Kind::command;
    std::set<std::string> collections;  // that it holds while it runs
    std::string source;                 // of a notice: the collection of what was repaired
    std::uint64_t deadline_ns = 0;      // CLOCK_MONOTONIC
    std::shared_ptr<plugin::CancelSource> cancel;  // of the call that runs; null before the first
    std::vector<Step> steps;                       // in the order of the work; notices come last
    std::map<wire::Ref, std::size_t> places;       // of the steps that are no notices
    std::size_t at = 0;                            // the step that runs
    std::vector<std::size_t> group;                // it and the later ones that run in its call
    bool noticed = false;                          // the notices have been added
    bool begun = false;
    bool is_cancelled = false;  // by somebody, not by its deadline
    std::optional<wire::EndState>
        ends;  // the state it ends in, when that was decided before it ran
    std::function<void(const Outcome&)> on_finished;  // after the commit; may be empty

    bool is_local() const { return inbox.origin == wire::Origin::local; }
    // The step of a resource, or null.
    const Step* find(const wire::Ref& ref) const;
};

// Of the steps that run in one call, in order.
std::vector<Description> descriptions_of(const Job& job);
// Their ids for messages: "htop", "htop and 19 more".
std::string names_of(const Job& job);

// Whether anything was done, not just planned.
bool changed(const std::vector<wire::Change>& changes);

// The state in which a job with these steps ends.
wire::EndState end_state(const Job& job);

}  // namespace evenkeel::agent
