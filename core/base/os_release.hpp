#pragma once

#include <string>
#include <string_view>
#include <vector>

// What os-release(5) says of the system. [any]
namespace evenkeel {

// The file's text: /etc/os-release, else /usr/lib/os-release; empty when there is none.
std::string os_release();
// The value of NAME=value or NAME="value" in it; empty when it is not there.
std::string os_release_value(std::string_view text, std::string_view name);
// The words of ID and ID_LIKE, the nearest first: "raspbian", "debian".
std::vector<std::string> platform_names(std::string_view text);

}  // namespace evenkeel
