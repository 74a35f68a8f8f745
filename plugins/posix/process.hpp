#pragma once

#include <string>
#include <vector>

#include <evenkeel/cpp/call.hpp>
#include <evenkeel/cpp/fd.hpp>
#include <sys/types.h>

namespace evenkeel::posix {

// A program to run, without a shell.
struct Command {
    std::vector<std::string> argv;  // argv[0] is an absolute path
    // All of it: nothing is inherited.
    std::vector<std::string> environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"};
    std::string input = {};           // for its stdin; the only way for a secret
    bool status_fd = false;           // descriptor 3 is open for its status reports
    std::string folder = "/";         // where it works
    bool keeps_errors_apart = false;  // its stderr is not in its output
};

// A program that was started: in a session, and so in a process group, of its own, with
// default signal handlers and no descriptor but those named above. Its output goes to a file
// in memory, not to a pipe: should this process end, the program neither blocks nor gets SIGPIPE.
// [worker]
class Process {
  public:
    // Throws EK_E_UNAVAILABLE if there is no such program.
    explicit Process(const Command& command);
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;
    // A program that still runs is left running.
    ~Process() = default;

    // True once it has ended, after at most `ms` (-1: no limit); also returns when `cancel_fd`
    // (-1: none) becomes readable.
    bool wait(int ms, int cancel_fd = -1);
    void send(int signal) const;  // to the program alone, not to its children
    // Ends its process group, by SIGTERM and half a second later by SIGKILL, and waits for it.
    void end();

    int exit_code() const { return exit_code_; }  // 128 + signal if one ended it; -1: it runs
    off_t output_size() const;                    // of stdout and stderr so far
    std::string output_begin(off_t bytes_max) const;
    std::string output_end(off_t bytes_max) const;
    std::string new_output();          // since the last call
    std::string new_status_reports();  // what came on descriptor 3 since the last call
    // At most `bytes_max` of what came since the last call. They are given back to the system, so
    // that a program may print for ever; output_begin() has zero bytes in their place.
    std::string take_output(off_t bytes_max);
    std::string take_errors(off_t bytes_max);  // of what is kept apart
    off_t pending_bytes() const;               // that were not taken yet

  private:
    sdk::Fd output_;
    sdk::Fd errors_;  // none: they go to output_
    sdk::Fd status_reports_;
    sdk::Fd pidfd_;
    pid_t pid_ = -1;
    int exit_code_ = -1;
    off_t output_read_ = 0;
    off_t errors_read_ = 0;
    off_t status_read_ = 0;
};

struct ProcessResult {
    int exit_code = 0;   // as of Process; -1: it was ended, its time was over
    std::string output;  // stdout and stderr
};

struct RunOptions {
    // How long a program may still take to finish by itself once the call is cancelled.
    int cancel_grace_ms = 0;
    // Of the output, how much of the beginning is returned.
    off_t output_max = off_t{64} * 1024 * 1024;
    // How long it may run; it is ended then. -1: as long as the call.
    int limit_ms = -1;
};

// Runs a program that may be killed, to its end. Ends it and throws EK_E_CANCELLED or EK_E_TIMEOUT
// when the call is cancelled or past its deadline, EK_E_INTERNAL when it writes more than 64 MiB.
// [worker]
ProcessResult run(const sdk::Call& call, const Command& command, const RunOptions& options = {});

}  // namespace evenkeel::posix
