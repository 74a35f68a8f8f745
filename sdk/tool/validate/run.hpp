#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "sdk/tool/validate/bench.hpp"

// Runs checks, each in a process of its own, and tells how they came out.
namespace evenkeel::validate {

enum class Outcome { pass, fail, crash, hang, skip, warn };
std::string name_of(Outcome outcome);

struct CheckResult {
    const Check* check = nullptr;
    Outcome outcome = Outcome::pass;
    std::string what;    // what is wrong, or why it was skipped
    std::string record;  // what the plugin sent that broke the rule; or its last words
    std::string again;   // the command that runs this check alone
    std::chrono::milliseconds took{0};

    // Whether the plugin is not as it has to be.
    bool is_failure() const {
        return outcome == Outcome::fail || outcome == Outcome::crash || outcome == Outcome::hang;
    }
};

struct RunOptions {
    std::string file, settings;           // settings empty: X.validate.json beside the file
    std::vector<std::string> only, skip;  // patterns of ids; none: all
    std::string collection;               // empty: each
    std::vector<std::string> target;      // newest symbol versions, as GLIBC_2.31; none: this SDK's
    // At most so many checks at once; those that meet at resources of the machine run alone.
    std::size_t jobs = 2;
    std::chrono::seconds timeout{45};
    std::uint64_t seed = 1;
    bool in_process = false, scratch_machine = false;
    bool isolated = false;  // the plugin runs in a process of its own, as the agent's option says
};

// The checks that `only` and `skip` leave. `invalid` for a pattern that is none, or fits nothing.
Result<std::vector<const Check*>> chosen_checks(const RunOptions& options);

// A plugin that was built with a sanitizer can only be loaded by a program that had the sanitizer
// before: then this runs the program anew with it, and does not return. Else nothing.
void load_sanitizer_first(const std::string& file);

// In the order of their ids; `on_result` hears of each as soon as all before it are known. An error
// only when nothing can be run at all.
Result<std::vector<CheckResult>> run_checks(
    const RunOptions& options, const std::function<void(const CheckResult&)>& on_result);

}  // namespace evenkeel::validate
