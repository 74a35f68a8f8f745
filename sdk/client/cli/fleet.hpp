#pragma once

#include "sdk/client/cli/commands.hpp"
#include "sdk/client/cli/resource_files.hpp"

namespace evenkeel::cli {

// Describes what the files hold on all hosts of options.target with one request, follows the
// commands as asked, shows those that failed and sums up.
Exit apply_to_fleet(Session& session, const ApplyOptions& options, const ResourceFiles& files);

}  // namespace evenkeel::cli
