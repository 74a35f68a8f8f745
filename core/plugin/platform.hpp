#pragma once

#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace evenkeel::plugin {

// Whether the plugin is for this machine: by "platforms" of its manifest, of which one is the ID of
// /etc/os-release or in its ID_LIKE. A manifest without it is for any. The error says which it is
// for. [any]
Result<void> require_platform(const std::string& plugin, const std::string& manifest,
                              std::string_view os_release);

}  // namespace evenkeel::plugin
