#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/json/json.hpp"
#include "sdk/client/cpp/result.hpp"

namespace evenkeel::cli {

inline constexpr std::size_t kInputBytesMost = 64 << 20;

// The file at `path`, or standard input when it is "-".
client::Result<std::string> read_input(const std::string& path);

// Standard input; on a terminal one line of it, which nobody sees.
client::Result<std::string> read_unseen();

// Labels given as "name=value"; as "name-", too, for one to be taken away (null), if it `may`.
// Nothing, and a message, when one is neither.
std::optional<json::Object> labels_from(const std::vector<std::string>& given, bool may = false);

}  // namespace evenkeel::cli
