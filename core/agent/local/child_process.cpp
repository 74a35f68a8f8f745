#include "core/agent/local/child_process.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/agent/config/options.hpp"
#include "core/base/text.hpp"

namespace evenkeel::agent {
namespace {

constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP};

// Plain data: a signal handler reads it.
volatile sig_atomic_t child = 0;
volatile sig_atomic_t signals = 0;

void pass_on(int signal) {
    if (child == 0) return;
    signals = signals + 1;
    // A terminal that is gone asks for what its keys ask for.
    if (signals == 1) kill(child, signal == SIGHUP ? SIGTERM : signal);
    // The programs that a plugin runs are in its group, once it has one.
    if (signals > 1) kill(-child, SIGKILL);
    if (signals > 1) kill(child, SIGKILL);
}

[[noreturn]] void work_as_child(const std::function<int(std::FILE*)>& work, pid_t parent,
                                int finished) {
    // Else the terminal would interrupt the programs that plugins run, and not ask for a cancel.
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) std::_Exit(kExitFailed);
    std::FILE* output = stdout;
    const int kept = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (kept >= 0 && dup2(STDERR_FILENO, STDOUT_FILENO) >= 0) output = fdopen(kept, "w");
    // What plugins print by it is flushed at each line, since nobody flushes it in the end.
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    const int code = output != nullptr ? work(output) : kExitFailed;
    if (output != nullptr) std::fflush(output);
    const char byte = static_cast<char>(code);
    [[maybe_unused]] const auto written = write(finished, &byte, 1);
    std::_Exit(code);
}

int fail_with(const std::string& why) {
    std::fprintf(stderr, "evenkeel-agent: %s\n", printable(why).c_str());
    return kExitFailed;
}

// How the child ended, in no call that is known.
std::string how(int status) {
    if (WIFSIGNALED(status)) return "it was ended by signal " + std::to_string(WTERMSIG(status));
    return "a plugin ended it";
}

}  // namespace

int run_in_child(const std::function<int(std::FILE* output)>& work,
                 const std::function<std::string()>& who_ended_it) {
    int finished[2];
    if (pipe2(finished, O_CLOEXEC | O_NONBLOCK) != 0) return fail_with(std::strerror(errno));
    const pid_t parent = getpid();
    // Until the handlers are there nobody would pass the signal on.
    sigset_t passed, before;
    sigemptyset(&passed);
    for (const int signal : kSignals) sigaddset(&passed, signal);
    sigprocmask(SIG_BLOCK, &passed, &before);
    const pid_t pid = fork();
    if (pid < 0) return fail_with(std::strerror(errno));
    if (pid == 0) {
        sigprocmask(SIG_SETMASK, &before, nullptr);
        close(finished[0]);
        work_as_child(work, parent, finished[1]);
    }
    child = pid;
    struct sigaction action = {};
    action.sa_handler = pass_on;
    for (const int signal : kSignals) {
        struct sigaction inherited = {};
        sigaction(signal, nullptr, &inherited);
        // Who is started by nohup outlives its terminal.
        if (signal != SIGHUP || inherited.sa_handler != SIG_IGN)
            sigaction(signal, &action, nullptr);
    }
    sigprocmask(SIG_SETMASK, &before, nullptr);
    close(finished[1]);
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
    child = 0;
    char code = 0;
    const bool has_finished = read(finished[0], &code, 1) == 1;
    close(finished[0]);
    if (has_finished) return static_cast<unsigned char>(code);
    if (signals > 0) return fail_with("interrupted");
    const std::string who = who_ended_it();
    return fail_with(who.empty() ? how(status) : who);
}

}  // namespace evenkeel::agent
