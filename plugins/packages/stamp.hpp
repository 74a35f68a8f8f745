#pragma once

#include <string>
#include <vector>

namespace evenkeel::packages {

// Tells one state of these files and folders from another. Of a folder each of its entries counts
// as well: a file that is written in place changes itself and not its folder. Costs a stat for
// each. What is not there counts as that.
std::string stamp_of(const std::vector<std::string>& paths);

}  // namespace evenkeel::packages
