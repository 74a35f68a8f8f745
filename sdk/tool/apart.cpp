#include "sdk/tool/apart.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <string>
#include <thread>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/fd.hpp"
#include "core/base/file.hpp"

namespace evenkeel::tool {
namespace {

// The last line of a process that came to its end; no JSON value.
constexpr std::string_view kEnd = "end";
constexpr json::Limits kAnswerLimits{.bytes = std::size_t{1} << 28};

void cancel_on_interrupt(plugin::CancelSource& cancel) {
    sigset_t interrupt;
    sigemptyset(&interrupt);
    sigaddset(&interrupt, SIGINT);
    // For all threads, those that the plugin starts too.
    pthread_sigmask(SIG_BLOCK, &interrupt, nullptr);
    std::thread([interrupt, &cancel] {
        int signal = 0;
        sigwait(&interrupt, &signal);
        cancel.cancel({Errc::cancelled, "interrupted"});
        sigwait(&interrupt, &signal);
        ::_exit(130);
    }).detach();
}

[[noreturn]] void run_child(const Work& work, int fd) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::dup2(STDERR_FILENO, STDOUT_FILENO);
    // Outlives the thread, which ends with the process.
    auto& cancel = *new plugin::CancelSource;
    cancel_on_interrupt(cancel);
    work([fd](const json::Value& answer) { (void)write_all(fd, json::write(answer) + "\n"); },
         cancel);
    (void)write_all(fd, std::string(kEnd) + "\n");
    // Threads of the plugin may still run.
    ::_exit(0);
}

// Whether the end was among the lines.
Result<bool> pass_on(int fd, const Say& on_answer) {
    std::string text;
    char bytes[65536];
    for (ssize_t count; (count = ::read(fd, bytes, sizeof bytes)) != 0;) {
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return fail(system_error(errno, "cannot read what the plugin answers"));
        text.append(bytes, static_cast<std::size_t>(count));
        std::size_t begin = 0;
        for (std::size_t end; (end = text.find('\n', begin)) != text.npos; begin = end + 1) {
            const std::string line = text.substr(begin, end - begin);
            if (line == kEnd) return true;
            on_answer(EK_TRY(json::parse(line, kAnswerLimits)));
        }
        text.erase(0, begin);
        if (text.size() > kAnswerLimits.bytes)
            return fail(Errc::limit, "the plugin answers more than 256 MiB at once");
    }
    return false;
}

Error end_of(int status, std::string_view doing) {
    const std::string at = " in " + std::string(doing);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 130) return {Errc::cancelled, "interrupted"};
    if (WIFSIGNALED(status)) {
        return {Errc::internal, "the plugin crashed" + at + ": signal " +
                                    std::to_string(WTERMSIG(status)) + ", " +
                                    strsignal(WTERMSIG(status))};
    }
    return {Errc::internal, "the plugin ended the process" + at + ", with code " +
                                std::to_string(WEXITSTATUS(status)) + ": it must never do that"};
}

}  // namespace

Result<void> run_apart(const Work& work, const Say& on_answer, std::string_view doing) {
    int ends[2] = {-1, -1};
    if (::pipe2(ends, O_CLOEXEC) != 0) return fail(system_error(errno, "cannot make a pipe"));
    Fd from(ends[0]), to(ends[1]);
    std::fflush(nullptr);
    const pid_t child = ::fork();
    if (child < 0) return fail(system_error(errno, "cannot start a process"));
    if (child == 0) {
        from.reset();
        run_child(work, to.get());
    }
    to.reset();
    const auto before = std::signal(SIGINT, SIG_IGN);
    const auto ended = pass_on(from.get(), on_answer);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    std::signal(SIGINT, before);
    if (!ended) return fail(ended.error());
    if (!*ended) return fail(end_of(status, doing));
    return {};
}

}  // namespace evenkeel::tool
