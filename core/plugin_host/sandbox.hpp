#pragma once

#include "core/base/fd.hpp"
#include "core/base/result.hpp"
#include "core/plugin/channel/tables.hpp"

// What a plugin's process may do: what its manifest declares, and no more. Before any thread begins
// and any code of the plugin runs.
namespace evenkeel::plugin_host {

// User, capabilities, file system and system calls, in this order. What the kernel does not have is
// left out. `data_dir`, or -1, may be read and written.
// The answer is the descriptor by which the agent hears of refused system calls, or none.
Result<Fd> enter_sandbox(const plugin::Service& service, int data_dir);

// Becomes the user of the service, and keeps only the capabilities that are declared.
Result<void> limit_privileges(const plugin::Service& service);
// Opens files only below the declared paths, and what programs need to run.
Result<void> limit_files(const plugin::Service& service, int data_dir);
// Refuses to start processes without `spawn`, and sockets but those of this machine without
// `network`.
Result<Fd> limit_system_calls(const plugin::Permissions& permissions);

}  // namespace evenkeel::plugin_host
