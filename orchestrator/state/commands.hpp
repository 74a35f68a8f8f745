#pragma once

#include <functional>
#include <map>
#include <vector>

#include "orchestrator/state/command.hpp"
#include "orchestrator/state/list.hpp"
#include "orchestrator/state/repository.hpp"

namespace evenkeel::state {

// The commands: how each stands, and where it waits. One that has not ended is either queued here
// or accepted by the agent (sent or running), and has a deadline; each of the three is an index of
// its own, so that nothing has to read commands that it does not touch.
class Commands : protected Repository {
  public:
    explicit Commands(const View& view) : Repository(view) {}

    // O(1)
    Result<std::optional<Command>> find(std::string_view id) const;
    // Its state alone: the beginning of its record is read, not its entries. O(1)
    Result<std::optional<CommandState>> state_of(std::string_view id) const;
    // A host's queued commands with a number past `after`, by number, at most `most`. O(answer)
    Result<std::vector<Command>> queued(std::string_view host, std::uint64_t after,
                                        std::size_t most) const;
    // The same of those that the agent has accepted. O(answer)
    Result<std::vector<Command>> accepted(std::string_view host, std::uint64_t after,
                                          std::size_t most) const;
    // Whether a command of this number waits in the queue; whether it has not ended. O(1)
    Result<bool> is_queued(std::string_view host, std::uint64_t seq) const;
    Result<bool> is_unfinished(std::string_view host, std::uint64_t seq) const;
    // Whether the host has a command that has not ended. O(1)
    Result<bool> has_unfinished(std::string_view host) const;
    // Accepted commands that are to be stopped. O(accepted ones of the host)
    Result<std::vector<std::string>> cancelling(std::string_view host) const;

    // Whether a command's deadline has passed. O(1)
    Result<bool> any_overdue(std::int64_t now_ms) const;
    // Ids of those, the longest overdue first, at most `most`. O(answer)
    Result<std::vector<std::string>> overdue(std::int64_t now_ms, std::size_t most) const;

    // How many wait in queues. O(1)
    Result<std::size_t> queued_count() const;
    // How many the agents have accepted, by state, as state_of() reads it. O(accepted)
    Result<std::map<CommandState, std::size_t>> accepted_counts() const;
    // Every command that has not ended, those in queues first. O(unfinished)
    Result<void> each_unfinished(const std::function<bool(const Command&)>& visit) const;

    // In the order in which they were made: all, or those of one host.
    List list() const;
    List list(std::string_view host) const;
    // Nothing when it is gone. O(1)
    Result<std::optional<Command>> read(const Entry& entry) const;
    // Not of its resources. False when it cannot be told. O(1)
    Result<bool> peek(const Entry& entry, const FieldNames& names, FieldValues& values) const;
    static std::string_view id_of(const Entry& entry);
    // The id in a key of the deadlines.
    static std::string_view id_of_deadline(std::string_view key);
    // In the list of one host; `host` is empty for the list of all.
    static std::string position_of(std::string_view host, std::string_view id);

  private:
    Result<std::optional<std::string>> text_of(const Entry& entry) const;
};

class CommandEdits : public Commands, private RepositoryEdits {
  public:
    explicit CommandEdits(Edit& edit);

    // A new command, which waits in its host's queue and holds the bodies of its entries. Records
    // command.changed. O(entries)
    Result<void> add(const Command& command);
    // How it stands now: moves it between the indexes and records command.changed. One that has
    // ended gets the time of that and lets go of its bodies. O(entries)
    Result<void> put(Command& command);
    // Erases at most `most` of those that have ended and were made before this time (RFC 3339).
    // O(older ones)
    Result<void> erase_ended(const std::string& before, std::size_t most);

  private:
    Result<void> tell(const Command& command);
    Result<void> end(Command& command);
};

}  // namespace evenkeel::state
