#pragma once

#include <memory>

#include <evenkeel/plugin.h>

#include "core/plugin/collection.hpp"
#include "core/plugin/host.hpp"

namespace evenkeel::plugin {

// Opens one collection of a loaded module with its configuration, an object. What keeps it from
// being opened is the collection's trouble(); only a schema that is none is an error. [lane]
Result<std::unique_ptr<Collection>> open_instance(const ek_module& module,
                                                  const ek_collection& table,
                                                  std::shared_ptr<const Host> host,
                                                  const json::Value& configuration);

}  // namespace evenkeel::plugin
