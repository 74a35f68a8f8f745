#pragma once

#include <cstdint>
#include <string>

#include <sys/types.h>

#include "core/base/result.hpp"
#include "core/plugin/until.hpp"

// Scopes of systemd: groups of processes that others have started, with bounds. Each call speaks
// with systemd and blocks, for two seconds at most. [any]
namespace evenkeel::plugin {

struct ScopeBounds {
    std::uint64_t tasks_most, memory_most, processors_most_us, weight;
};

// The service of systemd that this process is; empty: it is none.
std::string own_service();
// Starts the scope with the process in it; it stops when `service` does. `cancelled` when `until`
// was over first, `timeout` after two seconds; systemd may still start the scope after an error.
Result<void> start_scope(const std::string& scope, const std::string& description, pid_t pid,
                         const std::string& service, const ScopeBounds& bounds, const Until& until);
// Kills all that is in it. One that is gone already is none the worse.
void stop_scope(const std::string& scope);

}  // namespace evenkeel::plugin
