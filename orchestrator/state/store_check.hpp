#pragma once

#include <string>

#include "core/base/result.hpp"
#include "core/store/file_check.hpp"

namespace evenkeel::state {

// Verifies the store of a stopped orchestrator in `state_dir`, or of a backup there: every page,
// every record, the chain of the audit; of a store of an older layout the pages and the audit.
// Changes nothing but that lock files are made, so the folder must be writable. `corrupt` says what
// does not read, `busy` while an orchestrator has the store, `not_found` if there is none.
Result<store::FileCheck> check_store(const std::string& state_dir);

}  // namespace evenkeel::state
