#include <algorithm>
#include <cstdlib>
#include <vector>

#include <unistd.h>

#include "core/base/file.hpp"
#include "core/base/text.hpp"
#include "sdk/tool/validate/elf_file.hpp"
#include "sdk/tool/validate/run.hpp"

namespace evenkeel::validate {
namespace {

constexpr const char* kDone = "EK_VALIDATE_SANITIZED";

void set_options() {
    ::setenv("ASAN_OPTIONS", "halt_on_error=1:exitcode=99:detect_leaks=1", 1);
    ::setenv("UBSAN_OPTIONS", "halt_on_error=1:exitcode=99", 1);
    ::setenv("TSAN_OPTIONS", "halt_on_error=1:exitcode=99:report_thread_leaks=0", 1);
    // Of this program, which does not tidy up at its end.
    ::setenv("LSAN_OPTIONS", "leak_check_at_exit=0", 1);
}

}  // namespace

void load_sanitizer_first(const std::string& file) {
    const auto elf = read_elf(file);
    if (!elf || ::getenv(kDone) != nullptr) return;
    std::string libraries;
    for (const char* name : {"libasan", "libtsan", "libubsan"})
        for (const std::string& needed : elf->needed)
            if (needed.starts_with(name)) libraries += (libraries.empty() ? "" : ":") + needed;
    auto line = read_file("/proc/self/cmdline");
    if (libraries.empty() || !line) return;
    std::vector<std::string> words = split(*line, '\0');
    if (!words.empty() && words.back().empty()) words.pop_back();
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    ::setenv("LD_PRELOAD", libraries.c_str(), 1);
    ::setenv(kDone, "1", 1);
    set_options();
    ::execv("/proc/self/exe", argv.data());
}

}  // namespace evenkeel::validate
