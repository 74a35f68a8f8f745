#pragma once

#include <evenkeel/plugin.h>

#include "core/base/result.hpp"
#include "core/plugin/package.hpp"

namespace evenkeel::plugin {

// Loads the checked package's shared object and has a look at its module: ABI, sizes, id, version,
// manifest, collections. It stays loaded until the process ends; asked for again, the same module
// comes back, or `conflict` if the file has changed since. [any]
Result<const ek_module*> load_library(const Package& package);

}  // namespace evenkeel::plugin
