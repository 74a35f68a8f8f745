#pragma once

#include <memory>

#include <evenkeel/plugin.h>

#include "core/plugin/collection.hpp"
#include "core/plugin/host.hpp"

namespace evenkeel::plugin {

// One collection of a loaded module, not open yet, with its configuration, an object. Only a schema
// that does not compile is an error. Does not call the plugin. [any]
Result<std::unique_ptr<Collection>> make_instance(const ek_module& module,
                                                  const ek_collection& table,
                                                  std::shared_ptr<const Host> host,
                                                  json::Value configuration);

}  // namespace evenkeel::plugin
