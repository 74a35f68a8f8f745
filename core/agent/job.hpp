#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/agent/journal.hpp"
#include "core/agent/lane_work.hpp"
#include "core/agent/records.hpp"
#include "core/plugin/collection.hpp"

namespace evenkeel::agent {

// What a job came to; the shape of an outcome on the bus.
struct Outcome {
    std::string state;  // succeeded, failed, cancelled, superseded, interrupted, expired
    std::vector<wire::Done> resources;
    std::optional<Error> error;
};
json::Value encode(const Outcome& outcome);

// One resource of a job on its way.
struct Step {
    wire::Wanted wanted;
    Description description;  // as stored, for apply and remove
    wire::Done done;
    bool goes = true;         // to the plugin; else `done` is final
    bool stores = false;      // the description is to be stored before
    bool drops = false;       // the description is to be dropped at the end
    bool claimed = false;     // the record is held busy for it
    bool observed = false;    // there is a standing to store at the end
    std::vector<Note> notes;  // to be told with the outcome
};

// A command, a local apply or a repair, from its acceptance to its outcome.
struct Job {
    Inbox inbox;
    bool is_repair = false;
    std::uint64_t deadline_ns = 0;  // CLOCK_MONOTONIC
    std::shared_ptr<plugin::CancelSource> cancel = std::make_shared<plugin::CancelSource>();
    std::vector<Step> steps;
    std::size_t at = 0;  // the step that runs
    bool begun = false;
    bool is_cancelled = false;  // by somebody, not by its deadline
    std::string ends;           // the state it ends in, when that was decided before it ran
    std::function<void(const Outcome&)> on_finished;  // after the commit; may be empty

    bool is_local() const { return inbox.origin == wire::Origin::local; }
};

// The state in which a job with these steps ends.
std::string end_state(const Job& job);

}  // namespace evenkeel::agent
