#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

#include <dlfcn.h>
#include <evenkeel/plugin.h>

namespace evenkeel::test {

// The check whose rule is broken: EK_DEFECT, or the name of this shared object, N07.so, since a
// process of its own has another environment. Empty, or no check's: none.
inline const std::string& chosen_defect() {
    static const std::string chosen = [] {
        std::string defect;
        Dl_info own{};
        if (const char* name = std::getenv("EK_DEFECT"); name != nullptr) defect = name;
        if (::dladdr(reinterpret_cast<const void*>(&ek_module_v1), &own) != 0 && defect.empty())
            defect = std::filesystem::path(own.dli_fname).stem();
        return defect;
    }();
    return chosen;
}
inline bool breaks(std::string_view check) {
    return chosen_defect() == check;
}

}  // namespace evenkeel::test
