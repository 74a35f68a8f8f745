#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace evenkeel::posix {

// The bytes of the regular file that `path` leads to; nothing if none is there. Never waits for
// anybody: a pipe or device is no regular file. Throws os_failure, and EK_E_UNAVAILABLE for a file
// of more than `bytes_max`.
std::optional<std::string> read_file(const std::string& path, std::size_t bytes_max);

}  // namespace evenkeel::posix
