#include "plugins/accounts/locks.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <string_view>

#include <evenkeel/cpp/fd.hpp>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace evenkeel::accounts {

namespace {

// Left before the deadline for the answer to arrive in time.
constexpr std::uint64_t kMarginNs = 200'000'000;
// Less than the time after which a host considers a call without a deadline hung.
constexpr std::uint64_t kWaitMaxNs = 30'000'000'000;
constexpr int kPollMs = 20;
constexpr std::uint32_t kRetryMs = 1000;

constexpr std::array<const char*, 4> kLocks = {"passwd.lock", "shadow.lock", "group.lock",
                                               "gshadow.lock"};

// The shadow tools write their process id into a lock file before it has its name.
std::optional<std::string> holder_of_file(const std::string& path) {
    const sdk::Fd fd(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!fd) return std::nullopt;
    std::array<char, 32> text{};
    const ssize_t length = ::read(fd.get(), text.data(), text.size());
    pid_t pid = 0;
    const char* const end = text.data() + std::max<ssize_t>(length, 0);
    const auto [stop, error] = std::from_chars(text.data(), end, pid);
    // The tools treat a malformed lock file as held, and so do we.
    if (error != std::errc() || (stop != end && *stop != '\0') || pid <= 0)
        return "somebody holds " + path;
    if (::kill(pid, 0) != 0 && errno == ESRCH) return std::nullopt;
    return "process " + std::to_string(pid) + " holds " + path;
}

// lckpwdf(3), which PAM's password changes take.
std::optional<std::string> holder_of_pwd_lock(const std::string& path) {
    const sdk::Fd fd(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
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

WaitBudget::WaitBudget(const sdk::Call& call)
    : call_(call),
      until_ns_(call.deadline_ns() != 0 ? call.deadline_ns() - kMarginNs
                                        : sdk::now_ns() + kWaitMaxNs) {}

void WaitBudget::wait(const std::string& why, int ms) const {
    if (sdk::now_ns() >= until_ns_)
        throw sdk::Failure(EK_E_BUSY, why)
            .hint("wait until that has finished")
            .retry_after_ms(kRetryMs);
    pollfd cancel{call_.cancel_fd(), POLLIN, 0};
    ::poll(&cancel, 1, ms);
    call_.check();
}

void WaitBudget::wait_for_locks(const std::string& etc) const {
    while (const auto holder = lock_holder(etc)) wait(*holder, kPollMs);
}

}  // namespace evenkeel::accounts
