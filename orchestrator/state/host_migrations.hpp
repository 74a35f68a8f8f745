#pragma once

#include "core/base/result.hpp"

namespace evenkeel::store {
class Env;
class WriteTxn;
}  // namespace evenkeel::store

// Parts of layout 1 to 2; see migrations.hpp.
namespace evenkeel::state {

// The table `keys` becomes `enrolments`, which is what it holds. O(enrolments)
Result<void> rename_enrolments(const store::Env& env, store::WriteTxn& txn);
// When a host was last seen leaves its record for a table of its own. O(hosts)
Result<void> separate_last_seen(const store::Env& env, store::WriteTxn& txn);

}  // namespace evenkeel::state
