#pragma once

#include <string>
#include <string_view>

namespace evenkeel {

// Of the running system; empty when there is none. [any]
std::string read_os_release();
// The value of NAME=value or NAME="value" in the text of /etc/os-release; empty when there is none.
std::string os_release_value(std::string_view text, std::string_view name);

}  // namespace evenkeel
