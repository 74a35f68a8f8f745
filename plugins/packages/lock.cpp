#include "plugins/packages/lock.hpp"

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <fstream>
#include <string>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>

#include "plugins/posix/failure.hpp"

namespace evenkeel::packages {

namespace {

constexpr int kStepMs = 50;
// Left before the deadline, so that the caller is answered "busy" rather than nothing.
constexpr std::uint64_t kMarginNs = 200'000'000;

std::string name_of(pid_t pid) {
    if (pid <= 0) return "a process outside of this container";
    std::string name;
    std::getline(std::ifstream("/proc/" + std::to_string(pid) + "/comm"), name);
    return "process " + std::to_string(pid) + (name.empty() ? "" : " (" + name + ")");
}

}  // namespace

bool LockFile::open() {
    struct stat now {
    }, known{};
    const bool there = ::lstat(path_.c_str(), &now) == 0;
    if (there && fd_ && ::fstat(fd_.get(), &known) == 0 && known.st_ino == now.st_ino &&
        known.st_dev == now.st_dev)
        return true;
    fd_ = sdk::Fd(::open(path_.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    if (!fd_ && errno != ENOENT) throw posix::os_failure(errno, "open " + path_);
    return static_cast<bool>(fd_);
}

std::optional<pid_t> LockFile::holder() {
    if (!open()) return std::nullopt;
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    if (::fcntl(fd_.get(), F_GETLK, &lock) != 0)
        throw posix::os_failure(errno, "ask for the lock " + path_);
    if (lock.l_type == F_UNLCK) return std::nullopt;
    return lock.l_pid;
}

std::optional<pid_t> pid_in(const std::string& path) {
    pid_t pid = 0;
    std::ifstream(path) >> pid;
    if (pid <= 0 || (::kill(pid, 0) != 0 && errno == ESRCH)) return std::nullopt;
    return pid;
}

void wait_until_free(const sdk::Call& call, const FindLockHolder& find_holder,
                     const std::string& what) {
    while (const auto holder = find_holder()) {
        const std::uint64_t deadline = call.deadline_ns();
        if (deadline != 0 && sdk::now_ns() + kMarginNs >= deadline)
            throw sdk::Failure(EK_E_BUSY, what + " is locked by " + name_of(*holder))
                .hint("it is tried again later")
                .retry_after_ms(5'000);
        pollfd cancel{call.cancel_fd(), POLLIN, 0};
        ::poll(&cancel, 1, kStepMs);
        call.check();
    }
}

}  // namespace evenkeel::packages
