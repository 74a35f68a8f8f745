#pragma once

#include <cstddef>
#include <string>

#include "sdk/client/cpp/result.hpp"

namespace evenkeel::cli {

inline constexpr std::size_t kInputBytesMost = 64 << 20;

// The file at `path`, or standard input when it is "-".
client::Result<std::string> read_input(const std::string& path);

}  // namespace evenkeel::cli
