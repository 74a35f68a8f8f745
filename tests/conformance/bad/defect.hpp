#pragma once

#include <cstdlib>
#include <string>
#include <string_view>

namespace evenkeel::test {

// The check whose rule is broken: EK_DEFECT, or what the configuration says. Empty: none.
inline std::string& chosen_defect() {
    static std::string chosen = [] {
        const char* name = std::getenv("EK_DEFECT");
        return std::string(name != nullptr ? name : "");
    }();
    return chosen;
}
inline bool breaks(std::string_view check) {
    return chosen_defect() == check;
}

}  // namespace evenkeel::test
