#pragma once

#include <string>
#include <vector>

#include "core/base/fd.hpp"
#include "core/base/result.hpp"
#include "core/plugin/channel/tables.hpp"

// What a plugin's process may do: what its manifest declares, and no more. Before any thread begins
// and any code of the plugin runs.
namespace evenkeel::plugin_host {

struct Sandbox {
    Fd refusals;                     // by which the agent hears of refused system calls, or none
    std::vector<std::string> notes;  // what the kernel does not have, and so nothing is kept from
};
// Hidden folders, user, capabilities, file system and system calls, in this order. `data_dir`, or
// -1, may be read and written.
Result<Sandbox> enter_sandbox(const plugin::Service& service, int data_dir);

// For one that stays root: puts an empty folder in the place of each hidden one, and nothing in the
// place of a file, in a view of the file system of its own. Adds to `notes` what stays to be seen.
void hide_paths(const plugin::Service& service, std::vector<std::string>& notes);

// Becomes the user of the service, and keeps only the capabilities that are declared.
Result<void> limit_privileges(const plugin::Service& service);
// Opens files only below the declared paths, and what programs need to run; with "/" among the
// paths there is nothing to limit. False where the kernel has no Landlock.
Result<bool> limit_files(const plugin::Service& service, int data_dir);
// Refuses to start processes without `spawn`, and sockets but those of this machine without
// `network`.
Result<Fd> limit_system_calls(const plugin::Permissions& permissions);

}  // namespace evenkeel::plugin_host
