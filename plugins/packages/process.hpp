#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <evenkeel/plugin.hpp>
#include <sys/types.h>

#include "plugins/posix/fd.hpp"

namespace evenkeel::packages {

// A program to run: argv[0] is an absolute path.
struct Command {
    std::vector<std::string> argv;
    std::vector<std::string> variables = {};  // "NAME=value", beside the clean environment
    bool reports = false;                     // it has descriptor 3 to write to
};

// A program started without a shell, in a session of its own, with a clean environment in the C
// locale. Its output goes to memory that is not ours alone, not to a pipe: should this process
// end, the program neither notices nor dies of it. [worker]
class Process {
  public:
    explicit Process(const Command& command);
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;
    // A program that still runs is left alone.
    ~Process() = default;

    // True once it has ended, after at most `ms`; also returns when `cancel_fd` (-1: none) becomes
    // readable.
    bool wait(int ms, int cancel_fd);
    void send(int signal) const;  // to the program alone, not to its children

    int status() const { return status_; }  // exit code, 128 + signal; once it has ended
    std::string output(off_t most) const;   // so far, the last `most` bytes
    std::string new_output();               // since the last call
    std::string new_reports();              // what came on descriptor 3 since the last call

  private:
    posix::Fd output_;
    posix::Fd reports_;
    posix::Fd pidfd_;
    pid_t pid_ = -1;
    int status_ = -1;
    off_t output_read_ = 0;
    off_t reports_read_ = 0;
};

struct Ran {
    int status = 0;
    std::string output;
};

// Runs a program that only reads: it is killed when the call is cancelled or late, which throws.
Ran run_reader(const sdk::Call& call, const Command& command);

}  // namespace evenkeel::packages
