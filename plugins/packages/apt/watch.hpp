#pragma once

#include <memory>
#include <optional>
#include <string>

#include "plugins/packages/backend.hpp"

namespace evenkeel::packages {

// Who holds a lock of dpkg in `folder`.
std::optional<pid_t> dpkg_at_work(const std::string& folder);

// Watches dpkg's database in `folder`. Throws EK_E_UNAVAILABLE when the system has no inotify
// instance left.
std::unique_ptr<Watcher> watch_dpkg(const sdk::WatchHost& host, const std::string& folder);

}  // namespace evenkeel::packages
