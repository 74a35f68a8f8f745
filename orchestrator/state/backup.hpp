#pragma once

#include <string>
#include <vector>

#include "core/base/fd.hpp"
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
// owner of `state_dir`. Nothing is replaced by a backup that lacks one of the files `needed`, or is
// damaged.
Result<void> restore(const std::string& state_dir, const std::vector<std::string>& files,
                     const std::string& from, const std::vector<std::string>& needed = {});

// For work on the state of a stopped orchestrator: `busy`, and what to do, while one runs.
Result<Fd> lock_stopped(const std::string& state_dir);
// Gives what root has made in it to the folder's owner, as whom the orchestrator runs.
Result<void> give_to_owner(const std::string& state_dir);

}  // namespace evenkeel::state
