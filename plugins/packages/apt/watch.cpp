#include "plugins/packages/apt/watch.hpp"

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include <poll.h>
#include <sys/inotify.h>

#include "plugins/packages/apt/lock.hpp"
#include "plugins/posix/failure.hpp"

namespace evenkeel::packages {

namespace {

constexpr std::uint64_t kAgainNs = 100'000'000;

posix::Fd open_inotify(const std::string& folder) {
    posix::Fd fd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    if (!fd && errno == EMFILE)
        throw sdk::Failure(EK_E_UNAVAILABLE, "no inotify instance is left")
            .hint("raise fs.inotify.max_user_instances");
    if (!fd) throw posix::os_failure(errno, "make an inotify instance");
    // A run renames `status` and, at its very end, closes the locks; a killed one only the latter.
    if (::inotify_add_watch(fd.get(), folder.c_str(), IN_MOVED_TO | IN_CLOSE_WRITE | IN_ONLYDIR) <
        0)
        throw sdk::Failure(EK_E_UNAVAILABLE, "cannot watch " + folder + ": " + std::strerror(errno))
            .hint("raise fs.inotify.max_user_watches");
    return fd;
}

bool is_telling(const inotify_event& event, std::string_view name) {
    if ((event.mask & IN_Q_OVERFLOW) != 0) return true;
    if ((event.mask & IN_MOVED_TO) != 0) return name == "status";
    return name == "lock" || name == "lock-frontend";
}

}  // namespace

AptWatch::AptWatch(const sdk::WatchHost& host, const std::string& folder)
    : host_(host), folder_(folder), inotify_(open_inotify(folder)), database_(folder) {
    host_.fd(inotify_.get(), POLLIN);
}

AptWatch::~AptWatch() {
    try {
        host_.timer(0);
        host_.fd(inotify_.get(), 0);
    } catch (const sdk::Failure&) {
        // The host takes the descriptor out by itself when it is closed.
    }
}

void AptWatch::interest(std::string_view id, bool on) {
    const std::string name(id);
    if (!on) {
        known_.erase(name);
        return;
    }
    database_.refresh();
    known_[name] = database_.entry(name);
}

void AptWatch::ready(int fd, std::uint32_t) {
    if (fd < 0 || drain()) look();
}

bool AptWatch::drain() {
    alignas(inotify_event) std::array<char, 16384> buffer;
    bool telling = false;
    while (true) {
        const ssize_t length = ::read(inotify_.get(), buffer.data(), buffer.size());
        if (length < 0 && errno == EINTR) continue;
        if (length < 0 && errno == EAGAIN) return telling;
        if (length <= 0) throw posix::os_failure(length < 0 ? errno : EIO, "read from inotify");
        for (std::size_t at = 0; at < static_cast<std::size_t>(length);) {
            inotify_event event{};
            std::memcpy(&event, buffer.data() + at, sizeof(inotify_event));
            const char* const name = buffer.data() + at + sizeof(inotify_event);
            if ((event.mask & IN_IGNORED) != 0)
                throw sdk::Failure(EK_E_UNAVAILABLE, folder_ + " was replaced");
            telling = is_telling(event, {name, ::strnlen(name, event.len)}) || telling;
            at += sizeof(inotify_event) + event.len;
        }
    }
}

// Nobody is judged in the middle of his work: a run writes `status` several times, with packages
// unpacked and not configured.
void AptWatch::look() {
    if (lock_holder(folder_ + "/lock-frontend") || lock_holder(folder_ + "/lock")) {
        host_.timer(sdk::now_ns() + kAgainNs);
        return;
    }
    host_.timer(0);
    database_.refresh();
    for (auto& [id, known] : known_) {
        auto now = database_.entry(id);
        if (now == known) continue;
        known = std::move(now);
        host_.changed(id);
    }
}

}  // namespace evenkeel::packages
