// In the installed archive this stands in for core/base/log.cpp, so that a program that links the
// client needs no logging library. The client itself logs nothing; only a broken promise of ours,
// which ends the program, gets here.
#include <cstdio>

#include "core/base/log.hpp"

namespace evenkeel::log {

void set_level(Level) {}
bool set_level(std::string_view) {
    return false;
}

void write(Level, std::string_view text, std::initializer_list<Field> fields) {
    std::fprintf(stderr, "evenkeel: %.*s", static_cast<int>(text.size()), text.data());
    for (const auto& [name, value] : fields) {
        std::fprintf(stderr, " %.*s=%s", static_cast<int>(name.size()), name.data(), value.c_str());
    }
    std::fputc('\n', stderr);
}

}  // namespace evenkeel::log
