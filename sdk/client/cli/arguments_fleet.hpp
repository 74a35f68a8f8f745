#pragma once

#include "sdk/client/cli/arguments_parts.hpp"
#include "sdk/client/cli/plans.hpp"

namespace evenkeel::cli {

// --source, --prune, --allow-empty and --allow-files, of manifests.
void add_manifest_options(CLI::App* app, FolderOptions& options);
// Refuses them, and --yes, for resources of hosts.
void refuse_manifest_options(const FolderOptions& options, bool yes = false);
void add_yes(CLI::App* app, bool& yes);

// `plan ID` behind the command apply.
const CLI::App* add_apply_plan(CLI::App* apply, Run& run);

}  // namespace evenkeel::cli
