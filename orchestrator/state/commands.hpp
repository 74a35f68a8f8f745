#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "orchestrator/state/command.hpp"
#include "orchestrator/state/repository.hpp"

namespace evenkeel::state {

class List;

// The commands, and which of each host's have not ended.
class Commands : protected Repository {
  public:
    explicit Commands(const View& view) : Repository(view) {}

    // Every command that has not ended, by host and number. What is gone is passed over.
    // O(unfinished)
    Result<void> each_unfinished(const std::function<bool(const Command&)>& visit) const;

    // In the order in which they were made: all, or those of one host.
    List list() const;
    List list(std::string_view host) const;
    static std::string_view id_of(const Entry& entry);
    // In the list of one host; `host` is empty for the list of all.
    static std::string position_of(std::string_view host, std::string_view id);
};

class CommandEdits : public Commands, private RepositoryEdits {
  public:
    explicit CommandEdits(Edit& edit);

    // Erases at most `most` of those that have ended and were made before this time (RFC 3339).
    // O(older ones)
    Result<void> erase_ended(const std::string& before, std::size_t most);
};

}  // namespace evenkeel::state
