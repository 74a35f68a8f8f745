#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "plugins/posix/each.hpp"

namespace evenkeel::accounts {

// `list`: an item for each of `names`, or for those of the filter that are there.
void list_each(const sdk::Call& call, std::string_view filter_json,
               const std::vector<std::string>& names, const posix::ReadOne& read_one);

}  // namespace evenkeel::accounts
