#pragma once

#include <string>

#include <evenkeel/plugin.h>

#include "core/base/result.hpp"
#include "core/plugin/package.hpp"

namespace evenkeel::plugin {

// `unsupported` for a package of another major version. [any]
Result<void> require_abi(const Package& package);

// How the collection's operations are not what its capabilities say; empty: they are. [any]
std::string broken_capability(const ek_collection& collection);

// The rule of the ABI that the module of this package breaks; empty: none. [any]
std::string broken_rule(const ek_module& module, const Package& package);

// Loads the package's shared object into this process, for as long as that lives, and verifies its
// module. Runs the plugin's own initializers. Nobody else has loaded it before. [any]
Result<const ek_module*> load_object(const Package& package);

}  // namespace evenkeel::plugin
