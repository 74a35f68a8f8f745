#pragma once

#include <cstddef>

namespace evenkeel::run {

// Allows this process so many open files, or as many as the system lets it. A shell allows 1,024 by
// default, which a few clients use up, so that others cannot connect. Returns how many are allowed.
std::size_t allow_open_files(std::size_t wanted);

}  // namespace evenkeel::run
