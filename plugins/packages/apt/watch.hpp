#pragma once

#include <memory>
#include <string>

#include "plugins/packages/backend.hpp"
#include "plugins/packages/lock.hpp"

namespace evenkeel::packages {

// Finds the process that holds a lock of dpkg in `folder`.
FindLockHolder dpkg_lock_holder(const std::string& folder);

// Watches dpkg's database in `folder`, and what apt keeps beside it in `apt_folder`. Throws
// EK_E_UNAVAILABLE when the system has no inotify instance left.
std::unique_ptr<Watcher> watch_dpkg(const sdk::WatchHost& host, const std::string& folder,
                                    const std::string& apt_folder);

}  // namespace evenkeel::packages
