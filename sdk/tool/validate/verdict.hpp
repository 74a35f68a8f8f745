#pragma once

#include <string>

#include "core/json/json.hpp"
#include "sdk/tool/validate/run.hpp"

namespace evenkeel::validate {

// What one check finds, tried in this process: {"outcome"} and, unless it passes, {"what"} and
// {"record"}. `scratch` is an empty folder of its own, `kept` one for all checks of a run, or
// empty; file and settings of the options are paths that are whole.
json::Object verdict_of(const Check& check, const RunOptions& options, const std::string& scratch,
                        const std::string& kept);
// Puts a verdict into its result.
void take(CheckResult& result, const json::Value& verdict);

}  // namespace evenkeel::validate
