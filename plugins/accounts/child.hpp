#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <evenkeel/cpp/call.hpp>

namespace evenkeel::accounts {

// How a program ended.
struct Ended {
    int code = 0;        // its exit status, or 128 and the signal that ended it
    std::string output;  // what it wrote to stdout and stderr, at most 4 KiB of it
};

// Runs a program to its end, without a shell, in an environment of its own (PATH and LC_ALL=C),
// with all signals as a program expects them and no descriptor but the first three. `input` is what
// it reads from stdin. A cancelled call gives it a second to finish; a call past its deadline ends
// it. Throws EK_E_UNAVAILABLE if there is no such program. [worker]
Ended run_child(const std::string& program, const std::vector<std::string>& arguments,
                std::string_view input, const sdk::Call& call);

}  // namespace evenkeel::accounts
