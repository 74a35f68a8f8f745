#pragma once

#include <map>
#include <string>
#include <vector>

#include "sdk/tool/validate/run.hpp"

namespace evenkeel::validate {

// The results for people, one after the other: a line each, and below it what is wrong, the record
// that broke the rule and the command to run it again. What is the same is told once.
class TextReport {
  public:
    std::string text_of(const CheckResult& result);

  private:
    std::string reason_of(const CheckResult& result);
    std::map<std::string, std::string> told_;  // by the reason, the first check that had it
};
// "150 passed, 2 failed (F03, F07), 10 skipped".
std::string summary_of(const std::vector<CheckResult>& results);
// {"file","isolated","checks":[{"id","group","title","outcome",...}],"summary":{...}}
std::string json_of(const RunOptions& options, const std::vector<CheckResult>& results);
// A <testsuite> for each group.
std::string junit_of(const std::string& file, const std::vector<CheckResult>& results);

}  // namespace evenkeel::validate
