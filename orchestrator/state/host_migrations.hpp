#pragma once

#include "core/base/result.hpp"

namespace evenkeel::store {
class Env;
class WriteTxn;
}  // namespace evenkeel::store

// Parts of migrations; see migrations.hpp.
namespace evenkeel::state {

// The table `keys` becomes `enrolments`, which is what it holds. O(enrolments)
Result<void> rename_enrolments(const store::Env& env, store::WriteTxn& txn);
// When a host was last seen leaves its record for a table of its own. O(hosts)
Result<void> separate_last_seen(const store::Env& env, store::WriteTxn& txn);

// Of layout 2 to 3: the index of the active hosts by environment, which is `default` for those that
// have none. O(hosts)
Result<void> index_environments(const store::Env& env, store::WriteTxn& txn);

}  // namespace evenkeel::state
