#pragma once

#include <string>
#include <vector>

#include <evenkeel/cpp/call.hpp>
#include <evenkeel/json.hpp>

// A program that is asked about a new file before it takes its place: what it refuses is not
// installed. No shell; it runs as root, in the folder /, with no input and a minimal environment.
namespace evenkeel::files {

struct Check {
    // The program, by an absolute path or a name to be found in kCheckPath, and its arguments; "%"
    // stands for the new file. Empty: there is no check.
    std::vector<std::string> argv;
    int time_ms = 30'000;  // after which it is ended, with its process group
};

inline constexpr const char* kCheckPath = "/usr/sbin:/usr/bin:/sbin:/bin";

// Of a description. Throws EK_E_INVALID with the pointer of what is wrong.
Check check_from(const sdk::json::Value& description);

struct CheckedFile {
    std::string now_at;    // where the program finds it
    std::string shall_be;  // the path it is for, which its messages name
    bool is_secret;        // the program's words may quote it, and are not told
};

// Asks the program. Throws EK_E_INVALID with its words unless it exits with 0, EK_E_TIMEOUT if it
// takes too long, EK_E_UNAVAILABLE if there is none, and what posix::run does. [worker]
void run_check(const sdk::Call& call, const Check& check, const CheckedFile& file);

}  // namespace evenkeel::files
