#pragma once

#include <evenkeel/plugin.h>

#include "core/base/result.hpp"
#include "core/plugin/package.hpp"

namespace evenkeel::plugin {

// Loads the shared object of a checked package and verifies its module: ABI, sizes, id, version,
// manifest, collections. It stays loaded until the process ends. A second call returns the same
// module, or `conflict` if the file has changed since. Runs the plugin's own initializers. [any]
Result<const ek_module*> load_library(const Package& package);

}  // namespace evenkeel::plugin
