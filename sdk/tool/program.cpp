#include "sdk/tool/program.hpp"

#include <cerrno>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/fd.hpp"

extern char** environ;

namespace evenkeel::tool {
namespace {

constexpr std::size_t kOutputMost = 1 << 20;

std::string read_to_end(int fd) {
    std::string text;
    char bytes[4096];
    for (ssize_t count; (count = ::read(fd, bytes, sizeof bytes)) != 0;) {
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) break;
        if (text.size() < kOutputMost) text.append(bytes, static_cast<std::size_t>(count));
    }
    return text;
}

// Its standard output and error go to `output`.
Result<pid_t> start(const std::vector<std::string>& arguments, int output) {
    std::vector<char*> words;
    for (const std::string& each : arguments) words.push_back(const_cast<char*>(each.c_str()));
    words.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
    pid_t child = -1;
    const int error =
        ::posix_spawnp(&child, words.front(), &actions, nullptr, words.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) return fail(system_error(error, "cannot run " + arguments.front()));
    return child;
}

}  // namespace

Result<std::string> run_program(const std::vector<std::string>& arguments) {
    int ends[2] = {-1, -1};
    if (::pipe2(ends, O_CLOEXEC) != 0) return fail(system_error(errno, "cannot make a pipe"));
    const Fd from(ends[0]);
    Fd to(ends[1]);
    const pid_t child = EK_TRY(start(arguments, to.get()));
    to.reset();
    std::string said = read_to_end(from.get());
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return said;
    return fail(Errc::internal, arguments.front() + " failed: " + said);
}

}  // namespace evenkeel::tool
