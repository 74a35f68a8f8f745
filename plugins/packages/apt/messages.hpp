#pragma once

#include <string>
#include <string_view>

#include <evenkeel/plugin.hpp>

namespace evenkeel::packages {

// Why apt-get or dpkg failed, from what it printed in the C locale: the status that fits, its own
// telling line, and the end of its output as the hint. `doing` as in "install hello". Pure.
sdk::Failure failure_in(std::string_view output, const std::string& doing);

// The last lines of an output in one, about 1.5 KiB at most.
std::string tail_of(std::string_view output);

}  // namespace evenkeel::packages
