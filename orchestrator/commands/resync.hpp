#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/wire/message.hpp"
#include "orchestrator/state/edit.hpp"

namespace evenkeel::commands {

// What the orchestrator wants the host to hold, as digests see it. [any]
Result<std::vector<wire::InventoryItem>> wanted(const state::View& view, const std::string& host);

// Makes commands for what differs between what is wanted and what the host says it holds: `apply`
// or `remove` for what is missing or of another generation, `forget` for what is not wanted.
// Returns how many commands; `conflict` while other commands are unfinished, because then the
// inventory is out of date. [lane]
Result<std::size_t> repair(state::Edit& edit, const std::string& host,
                           const std::vector<wire::InventoryItem>& inventory);

}  // namespace evenkeel::commands
