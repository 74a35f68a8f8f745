#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <evenkeel/json.hpp>
#include <evenkeel/plugin.hpp>

namespace evenkeel::posix {

// The state of one resource as JSON; nothing if it is not there; throws if it cannot be read.
using ReadOne = std::function<std::optional<std::string>(const std::string& id)>;

// `read`: an item for each id of the JSON array that is there.
void read_each(const sdk::Call& call, std::string_view ids_json, const ReadOne& read_one);

// `list` of a collection that is too large to enumerate: an item for each id of the filter that is
// there; EK_E_UNSUPPORTED without a filter.
void list_each(const sdk::Call& call, std::string_view filter_json, const ReadOne& read_one);

}  // namespace evenkeel::posix
