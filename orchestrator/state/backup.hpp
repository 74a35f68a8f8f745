#pragma once

#include <string>
#include <vector>

#include "core/base/result.hpp"

namespace evenkeel::state {

// Copies the store in `state_dir`, which a running orchestrator may have open, and the files named
// beside it, where they exist, to `to` (new or empty, made 0700). One moment of the store, whole.
// `conflict` when `to` is not empty, `not_found` when there is no store.
Result<void> backup(const std::string& state_dir, const std::vector<std::string>& files,
                    const std::string& to);

// Puts a backup in place of what is in `state_dir`: under a new stream, whose predecessor ends at
// the backup's revision. Commands of the backup that were unfinished end `interrupted`; comparing
// with the hosts brings back what is wanted. The store that was there is kept beside, as
// store.before-restore. `busy` while an orchestrator runs; the caller holds no lock. Files get the
// owner of `state_dir`.
Result<void> restore(const std::string& state_dir, const std::vector<std::string>& files,
                     const std::string& from);

}  // namespace evenkeel::state
