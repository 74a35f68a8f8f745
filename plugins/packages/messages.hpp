#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <evenkeel/plugin.hpp>

namespace evenkeel::packages {

// A phrase in the output of a program, and the status it means.
struct Rule {
    std::string_view words;
    ek_status status;
};
// In this order: the words of a cause before those of what followed from it.
using Rules = std::vector<Rule>;

// Why a program failed, from what it printed in the C locale: the status that fits, the line that
// names the cause, and the end of its output as the hint. `action` as in "install hello". Pure.
sdk::Failure failure_in(std::string_view output, const Rules& rules, const std::string& action);

// The last lines of an output in one, about 1.5 KiB at most.
std::string tail_of(std::string_view output);

}  // namespace evenkeel::packages
