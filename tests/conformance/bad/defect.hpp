#pragma once

#include <cstdlib>
#include <string>
#include <string_view>

namespace evenkeel::test {

// Whether this run breaks the rule of this check: EK_DEFECT names it. Without, none is broken.
inline bool breaks(std::string_view check) {
    static const std::string chosen = [] {
        const char* name = std::getenv("EK_DEFECT");
        return std::string(name != nullptr ? name : "");
    }();
    return chosen == check;
}

}  // namespace evenkeel::test
