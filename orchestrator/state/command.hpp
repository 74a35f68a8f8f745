#pragma once

#include <optional>
#include <vector>

#include "core/json/text.hpp"
#include "core/wire/resource.hpp"
#include "core/wire/words.hpp"

namespace evenkeel::state {

using evenkeel::to_string;

enum class CommandState {
    queued,   // committed here, not yet accepted by the agent
    sent,     // the agent has committed it
    running,  // the agent has begun
    succeeded,
    failed,
    expired,  // its time was over before an outcome came
    cancelled,
    superseded,   // a newer description took its place
    interrupted,  // not known whether it was executed
};
constexpr auto enum_names(CommandState) {
    return names<CommandState>("state", {{CommandState::queued, "queued"},
                                         {CommandState::sent, "sent"},
                                         {CommandState::running, "running"},
                                         {CommandState::succeeded, "succeeded"},
                                         {CommandState::failed, "failed"},
                                         {CommandState::expired, "expired"},
                                         {CommandState::cancelled, "cancelled"},
                                         {CommandState::superseded, "superseded"},
                                         {CommandState::interrupted, "interrupted"}});
}
// Whether it has ended: nothing more will happen to it.
bool finished(CommandState state);

// What a command is about, and what became of it.
struct CommandEntry {
    wire::Ref ref;
    wire::Generation generation;
    // Number of the description or of the arguments, see state/bodies.hpp; 0 where there are none,
    // and once the command has ended.
    std::uint64_t body = 0;
    wire::Policy policy = wire::Policy::report;
    wire::Relations relations = {};
    std::string action;  // of an invoke, or one that was notified
    std::optional<wire::Outcome> outcome;
    std::vector<wire::Change> changes;
    std::optional<Error> error;
    std::vector<std::string> notes = {};  // see wire::ResourceResult
    std::optional<wire::Output> output = std::nullopt;
};

// What one host is to do, and its progress. Small, however large the descriptions are, because each
// transition writes it again.
struct Command {
    std::string id;
    std::string host;
    wire::Verb verb{};
    CommandState state = CommandState::queued;
    std::uint64_t seq = 0;  // rising within the host
    std::string created_at;
    std::string finished_at;            // empty before
    std::string request_id;             // of the HTTP request; empty for those of a comparison
    std::int64_t expires_at_ms = 0;     // by SteadyClock
    std::int64_t timeout_ms = 600'000;  // for the agent, from receipt
    bool cancelling = false;            // it is to be stopped
    std::optional<Error> error;
    std::vector<CommandEntry> resources;
};
json::Text encode(const Command& command);
Result<Command> decode_command(const json::Value& value);

}  // namespace evenkeel::state
