#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/base/result.hpp"

namespace evenkeel::state {
class Edit;
class View;
}  // namespace evenkeel::state
namespace evenkeel::wire {
struct Digest;
struct InventoryItem;
}  // namespace evenkeel::wire

namespace evenkeel::commands {

// Whether the host holds what it should, as its digest says. O(1); for an agent that does not send
// xor_sha256, O(resources of the host). [any]
Result<bool> agrees(const state::View& view, const std::string& host, const wire::Digest& digest);

// What the host should hold: each resource and its generation, as the digest covers them. [any]
Result<std::vector<wire::InventoryItem>> desired_inventory(const state::View& view,
                                                           const std::string& host);

// Makes commands for the differences between desired_inventory() and the reported `inventory`:
// `apply` or `remove` for what is missing or of another generation, `forget` for the rest.
// Returns how many commands; `conflict` while other commands are unfinished, because then the
// inventory is out of date. [lane]
Result<std::size_t> repair(state::Edit& edit, const std::string& host,
                           const std::vector<wire::InventoryItem>& inventory);

}  // namespace evenkeel::commands
