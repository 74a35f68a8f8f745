#include "plugins/accounts/child.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "plugins/posix/failure.hpp"
#include "plugins/posix/fd.hpp"

namespace evenkeel::accounts {

namespace {

using posix::Fd;

constexpr std::size_t kOutputMax = 4096;
constexpr std::uint64_t kMs = 1'000'000;
// A tool that is stopped half-way can leave passwd and shadow telling different things.
constexpr std::uint64_t kFinishNs = 1000 * kMs;
// How often the host hears that the call goes on.
constexpr std::uint64_t kLookMs = 10'000;
constexpr int kEndMs = 500;

// What a child is started with. [worker]
class Setup {
  public:
    Setup() {
        ::posix_spawn_file_actions_init(&actions_);
        ::posix_spawnattr_init(&attributes_);
        sigset_t all, none;
        ::sigfillset(&all);
        ::sigemptyset(&none);
        ::posix_spawnattr_setsigdefault(&attributes_, &all);
        ::posix_spawnattr_setsigmask(&attributes_, &none);
        ::posix_spawnattr_setflags(
            &attributes_, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
    }
    ~Setup() {
        ::posix_spawn_file_actions_destroy(&actions_);
        ::posix_spawnattr_destroy(&attributes_);
    }
    Setup(const Setup&) = delete;
    Setup& operator=(const Setup&) = delete;

    pid_t start(const std::string& program, const std::vector<std::string>& arguments, int input,
                int output) {
        ::posix_spawn_file_actions_adddup2(&actions_, input, STDIN_FILENO);
        ::posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
        ::posix_spawn_file_actions_adddup2(&actions_, output, STDERR_FILENO);
        ::posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);
        ::posix_spawn_file_actions_addchdir_np(&actions_, "/");
        std::vector<std::string> words{program};
        words.insert(words.end(), arguments.begin(), arguments.end());
        std::vector<char*> argv;
        for (std::string& word : words) argv.push_back(word.data());
        argv.push_back(nullptr);
        std::string path = "PATH=/usr/sbin:/usr/bin:/sbin:/bin", language = "LC_ALL=C";
        std::array<char*, 3> environment{path.data(), language.data(), nullptr};
        pid_t pid = 0;
        const int error = ::posix_spawn(&pid, program.c_str(), &actions_, &attributes_, argv.data(),
                                        environment.data());
        if (error == ENOENT)
            throw sdk::Failure(EK_E_UNAVAILABLE, "there is no " + program)
                .hint("install the package that has it (Debian: passwd)");
        if (error != 0) throw posix::os_failure(error, "start " + program);
        return pid;
    }

  private:
    posix_spawn_file_actions_t actions_;
    posix_spawnattr_t attributes_;
};

// Secrets come this way: memory only, and unlike a pipe it can neither block nor break.
Fd input_of(std::string_view text) {
    Fd fd(::memfd_create("input", MFD_CLOEXEC));
    if (!fd) throw posix::os_failure(errno, "make the input of a program");
    while (!text.empty()) {
        const ssize_t length = ::write(fd.get(), text.data(), text.size());
        if (length < 0 && errno != EINTR)
            throw posix::os_failure(errno, "write the input of a program");
        if (length > 0) text.remove_prefix(static_cast<std::size_t>(length));
    }
    ::lseek(fd.get(), 0, SEEK_SET);
    return fd;
}

// Takes what is there and never waits. False once nobody can write any more.
bool drain(const Fd& pipe, std::string& output) {
    std::array<char, 4096> buffer;
    while (true) {
        const ssize_t length = ::read(pipe.get(), buffer.data(), buffer.size());
        if (length < 0 && errno == EINTR) continue;
        if (length <= 0) return length < 0 && errno == EAGAIN;
        const auto room = kOutputMax - std::min(kOutputMax, output.size());
        output.append(buffer.data(), std::min(room, static_cast<std::size_t>(length)));
    }
}

// Reads on until the child has ended. False when its time was over before.
bool wait_for_end(const Fd& child, const Fd& pipe, std::string& output, const sdk::Call& call) {
    std::uint64_t until = call.deadline_ns() != 0 ? call.deadline_ns() : UINT64_MAX;
    bool told = false, open = true;
    while (true) {
        if (!told && call.cancelled()) {
            told = true;
            until = std::min(until, sdk::now_ns() + kFinishNs);
        }
        const std::uint64_t now = sdk::now_ns();
        if (now >= until) return false;
        std::array<pollfd, 3> polled{{{child.get(), POLLIN, 0},
                                      {open ? pipe.get() : -1, POLLIN, 0},
                                      {told ? -1 : call.cancel_fd(), POLLIN, 0}}};
        const auto ms = std::min<std::uint64_t>((until - now) / kMs + 1, kLookMs);
        if (::poll(polled.data(), polled.size(), static_cast<int>(ms)) < 0 && errno != EINTR)
            throw posix::os_failure(errno, "wait for a program");
        if (open) open = drain(pipe, output);
        if (polled[0].revents != 0) return true;
    }
}

void end(const Fd& child, pid_t pid) {
    ::kill(-pid, SIGTERM);
    pollfd ended{child.get(), POLLIN, 0};
    if (::poll(&ended, 1, kEndMs) <= 0) ::kill(-pid, SIGKILL);
}

int reap(pid_t pid) {
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

Ended run_child(const std::string& program, const std::vector<std::string>& arguments,
                std::string_view input, const sdk::Call& call) {
    call.check();
    const Fd in = input_of(input);
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw posix::os_failure(errno, "make a pipe");
    const Fd pipe(ends[0]);
    Fd out(ends[1]);
    ::fcntl(pipe.get(), F_SETFL, O_NONBLOCK);
    const pid_t pid = Setup().start(program, arguments, in.get(), out.get());
    out = Fd();
    // The C library's own declaration of it cannot be used from C++ (glibc 2.36).
    const Fd child(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    Ended ended;
    bool in_time = false;
    try {
        if (!child) throw posix::os_failure(errno, "watch a program");
        in_time = wait_for_end(child, pipe, ended.output, call);
    } catch (...) {
        ::kill(-pid, SIGKILL);
        reap(pid);
        throw;
    }
    if (!in_time) end(child, pid);
    ended.code = reap(pid);
    if (!in_time) {
        call.check();
        throw sdk::Failure(EK_E_TIMEOUT, program + " did not finish in time");
    }
    drain(pipe, ended.output);
    return ended;
}

}  // namespace evenkeel::accounts
