#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include <sys/types.h>

#include "core/base/fd.hpp"
#include "sdk/tool/validate/run.hpp"

namespace evenkeel::validate {

// One check in a process of its own, from its start until finish(). The options outlive it.
class Job {
  public:
    // `scratch` is an empty folder of its own, `kept` one for all checks of a run.
    Job(const Check& check, const RunOptions& options, std::string scratch, std::string kept);

    // To poll for input. The last is readable once the process has ended; what it started may live
    // on and keep the pipes open.
    int verdict_fd() const { return verdict_.get(); }
    int words_fd() const { return words_.get(); }
    int ended_fd() const { return ended_.get(); }
    // Until its time is over; negative: it is.
    std::int64_t rest_ms() const;

    void read_verdict();
    void read_words();
    // A pipe that nobody can write to any more would wake us all the time.
    void forget_verdict() { verdict_.reset(); }
    void forget_words() { words_.reset(); }
    // Ends the process, if it has not, and says in `result` what came of it.
    void finish(bool hangs);

    CheckResult result;

  private:
    [[noreturn]] void run_here(const Check& check, int verdict, int words);
    void judge(int status, bool hangs);

    const RunOptions& options_;
    const std::string scratch_, kept_;
    Fd verdict_, words_, ended_;
    std::string text_, said_;
    std::int64_t started_ms_ = 0;
    pid_t pid_ = -1;
};

}  // namespace evenkeel::validate
