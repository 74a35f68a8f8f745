#pragma once

#include <vector>

#include "core/store/env.hpp"

// The changes of the store's layout; docs/store.md says what each layout is. store::Env copies the
// store first and runs them in one transaction, so a process that is killed inside leaves the old
// layout whole. Each works on the stored JSON and knows no records of the program, which may change
// later.
namespace evenkeel::state {

// For store::Env::Options: the n-th takes layout n+1 to n+2.
std::vector<store::Env::Migration> migrations();

// The parts of layout 1 to 2. Descriptions and arguments become bodies of their own, to which
// resources and unfinished commands refer; accepted commands leave the queue; what has not ended
// gets its deadline in an index. O(resources + unfinished commands)
Result<void> separate_resource_bodies(const store::Env& env, store::WriteTxn& txn);
Result<void> separate_command_bodies(const store::Env& env, store::WriteTxn& txn);

}  // namespace evenkeel::state
