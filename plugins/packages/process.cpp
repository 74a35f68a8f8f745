#include "plugins/packages/process.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "plugins/posix/failure.hpp"

namespace evenkeel::packages {

namespace {

constexpr off_t kReadMax = 64 * 1024 * 1024;
constexpr int kStepMs = 50;

posix::Fd memory(const char* name) {
    posix::Fd fd(::memfd_create(name, MFD_CLOEXEC));
    if (!fd) throw posix::os_failure(errno, "keep a program's output");
    // Several processes write: none may overwrite another's.
    if (::fcntl(fd.get(), F_SETFL, O_APPEND) != 0)
        throw posix::os_failure(errno, "keep a program's output");
    return fd;
}

off_t size_of(int fd) {
    struct stat info {};
    return ::fstat(fd, &info) == 0 ? info.st_size : 0;
}

std::string read_from(int fd, off_t from) {
    std::string text;
    std::array<char, 16384> buffer;
    while (true) {
        const ssize_t length = ::pread(fd, buffer.data(), buffer.size(), from);
        if (length < 0 && errno == EINTR) continue;
        if (length <= 0) return text;
        text.append(buffer.data(), static_cast<std::size_t>(length));
        from += length;
    }
}

std::vector<std::string> environment() {
    std::vector<std::string> all = {
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME=/root",
        "LC_ALL=C",
        "DEBIAN_FRONTEND=noninteractive",
        "APT_LISTCHANGES_FRONTEND=none",
        "NEEDRESTART_SUSPEND=1"};
    for (const char* name : {"http_proxy", "https_proxy", "ftp_proxy", "no_proxy", "TMPDIR"})
        if (const char* value = std::getenv(name)) all.push_back(std::string(name) + "=" + value);
    return all;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> all;
    for (std::string& text : texts) all.push_back(text.data());
    all.push_back(nullptr);
    return all;
}

// What posix_spawn is told, freed in the end.
struct SpawnPlan {
    SpawnPlan(int output, int reports) {
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
        ::posix_spawn_file_actions_adddup2(&actions, output, 1);
        ::posix_spawn_file_actions_adddup2(&actions, output, 2);
        if (reports >= 0) ::posix_spawn_file_actions_adddup2(&actions, reports, 3);
        ::posix_spawn_file_actions_addclosefrom_np(&actions, reports >= 0 ? 4 : 3);
        ::posix_spawn_file_actions_addchdir_np(&actions, "/");
        ::posix_spawnattr_init(&attributes);
        sigset_t none, every;
        ::sigemptyset(&none);
        ::sigfillset(&every);
        ::posix_spawnattr_setsigmask(&attributes, &none);
        ::posix_spawnattr_setsigdefault(&attributes, &every);
        ::posix_spawnattr_setflags(
            &attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    }
    SpawnPlan(const SpawnPlan&) = delete;
    SpawnPlan& operator=(const SpawnPlan&) = delete;
    ~SpawnPlan() {
        ::posix_spawn_file_actions_destroy(&actions);
        ::posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
};

}  // namespace

Process::Process(const Command& command)
    : output_(memory("output")), reports_(command.reports ? memory("reports") : posix::Fd()) {
    std::vector<std::string> words = command.argv;
    std::vector<std::string> variables = environment();
    variables.insert(variables.end(), command.variables.begin(), command.variables.end());
    const SpawnPlan plan(output_.get(), reports_.get());
    const int error = ::posix_spawn(&pid_, words.front().c_str(), &plan.actions, &plan.attributes,
                                    pointers(words).data(), pointers(variables).data());
    if (error != 0) throw posix::os_failure(error, "start " + words.front());
    pidfd_ = posix::Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
}

bool Process::wait(int ms, int cancel_fd) {
    std::array<pollfd, 2> fds = {pollfd{pidfd_.get(), POLLIN, 0}, pollfd{cancel_fd, POLLIN, 0}};
    if (status_ < 0) ::poll(fds.data(), fds.size(), ms);
    siginfo_t info{};
    if (status_ < 0 && ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG) == 0 &&
        info.si_pid == pid_)
        status_ = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
    return status_ >= 0;
}

void Process::send(int signal) const {
    if (status_ < 0) ::kill(pid_, signal);
}

std::string Process::output(off_t most) const {
    const off_t size = size_of(output_.get());
    return read_from(output_.get(), size > most ? size - most : 0);
}

std::string Process::new_output() {
    std::string text = read_from(output_.get(), output_read_);
    output_read_ += static_cast<off_t>(text.size());
    return text;
}

std::string Process::new_reports() {
    std::string text = reports_ ? read_from(reports_.get(), reports_read_) : std::string();
    reports_read_ += static_cast<off_t>(text.size());
    return text;
}

Ran run_reader(const sdk::Call& call, const Command& command) {
    Process process(command);
    try {
        while (!process.wait(kStepMs, call.cancel_fd())) call.check();
    } catch (...) {
        process.send(SIGKILL);
        while (!process.wait(kStepMs, -1)) continue;
        throw;
    }
    return {process.status(), process.output(kReadMax)};
}

}  // namespace evenkeel::packages
