#pragma once

#include <memory>

#include <evenkeel/plugin.h>

#include "core/plugin/collection.hpp"
#include "core/plugin/host.hpp"

namespace evenkeel::plugin {

// Opens one collection of a loaded module with its configuration, an object. When the
// plugin refuses, the result is a collection with trouble(); only a schema that does not compile is
// an error. Calls the plugin. [lane]
Result<std::unique_ptr<Collection>> open_instance(const ek_module& module,
                                                  const ek_collection& table,
                                                  std::shared_ptr<const Host> host,
                                                  const json::Value& configuration);

}  // namespace evenkeel::plugin
