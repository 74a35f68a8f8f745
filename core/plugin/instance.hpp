#pragma once

#include <memory>
#include <string>

#include <evenkeel/plugin.h>

#include "core/plugin/collection.hpp"
#include "core/plugin/host.hpp"

namespace evenkeel::plugin {

// Opens one collection of a loaded module with an empty configuration. [lane]
Result<std::unique_ptr<Collection>> open_instance(const ek_module& module,
                                                  const ek_collection& table,
                                                  std::shared_ptr<const Host> host);

}  // namespace evenkeel::plugin
