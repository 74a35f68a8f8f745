#include "plugins/accounts/locks.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <string_view>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "plugins/posix/fd.hpp"

namespace evenkeel::accounts {

namespace {

// Kept back, so that the answer is there before the deadline is.
constexpr std::uint64_t kMarginNs = 200'000'000;
constexpr int kPollMs = 20;
constexpr std::uint32_t kRetryMs = 1000;

constexpr std::array<const char*, 4> kLocks = {"passwd.lock", "shadow.lock", "group.lock",
                                               "gshadow.lock"};

// The shadow tools write their process id into a lock file before it has its name.
std::optional<std::string> holder_of_file(const std::string& path) {
    const posix::Fd fd(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!fd) return std::nullopt;
    std::array<char, 32> text{};
    const ssize_t length = ::read(fd.get(), text.data(), text.size());
    pid_t pid = 0;
    if (length > 0) std::from_chars(text.data(), text.data() + length, pid);
    if (pid <= 0) return "somebody holds " + path;
    if (::kill(pid, 0) != 0 && errno == ESRCH) return std::nullopt;
    return "process " + std::to_string(pid) + " holds " + path;
}

// lckpwdf(3), which PAM's password changes take.
std::optional<std::string> holder_of_pwd_lock(const std::string& path) {
    const posix::Fd fd(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    if (!fd || ::fcntl(fd.get(), F_GETLK, &lock) != 0 || lock.l_type == F_UNLCK)
        return std::nullopt;
    return "process " + std::to_string(lock.l_pid) + " holds " + path;
}

}  // namespace

std::optional<std::string> lock_holder(const std::string& etc) {
    for (const char* name : kLocks)
        if (auto holder = holder_of_file(etc + "/" + name)) return holder;
    return holder_of_pwd_lock(etc + "/.pwd.lock");
}

void wait_before_retry(const sdk::Call& call, const std::string& why, int ms) {
    const bool late = call.deadline_ns() != 0 && sdk::now_ns() + kMarginNs >= call.deadline_ns();
    if (late)
        throw sdk::Failure(EK_E_BUSY, why)
            .hint("wait until that has finished")
            .retry_after_ms(kRetryMs);
    pollfd cancel{call.cancel_fd(), POLLIN, 0};
    ::poll(&cancel, 1, ms);
    call.check();
}

void wait_for_locks(const sdk::Call& call, const std::string& etc) {
    while (const auto holder = lock_holder(etc)) wait_before_retry(call, *holder, kPollMs);
}

}  // namespace evenkeel::accounts
