#include "plugins/posix/inotify.hpp"

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "plugins/posix/failure.hpp"

namespace evenkeel::posix {

namespace {

// Of each wake-up.
constexpr int kReadsMax = 16;

sdk::Fd open_inotify() {
    sdk::Fd fd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    if (!fd && errno == EMFILE)
        throw sdk::Failure(EK_E_UNAVAILABLE, "no inotify instance is left")
            .hint("raise fs.inotify.max_user_instances");
    if (!fd) throw os_failure(errno, "make an inotify instance");
    return fd;
}

}  // namespace

Inotify::Inotify(const sdk::WatchHost& host) : host_(host), fd_(open_inotify()) {
    host_.fd(fd_.get(), POLLIN);
}

Inotify::~Inotify() {
    try {
        host_.timer(0);
        host_.fd(fd_.get(), 0);
    } catch (const sdk::Failure&) {
        // The host drops the descriptor by itself when it is closed.
    }
}

int Inotify::add(const std::string& path, std::uint32_t mask) {
    const int watch = ::inotify_add_watch(fd_.get(), path.c_str(), mask);
    if (watch >= 0 || errno == ENOENT) return watch;
    if (errno != ENOSPC) throw os_failure(errno, "watch " + path);
    throw sdk::Failure(EK_E_UNAVAILABLE, "no inotify watch is left for " + path)
        .hint("raise fs.inotify.max_user_watches");
}

void Inotify::drain(const OnEvent& on_event) {
    alignas(inotify_event) std::array<char, 16384> buffer;
    for (int reads = 0; reads < kReadsMax; ++reads) {
        const ssize_t length = ::read(fd_.get(), buffer.data(), buffer.size());
        if (length < 0 && errno == EINTR) continue;
        if (length < 0 && errno == EAGAIN) return;
        if (length <= 0) throw os_failure(length < 0 ? errno : EIO, "read from inotify");
        for (std::size_t at = 0; at < static_cast<std::size_t>(length);) {
            inotify_event event{};
            std::memcpy(&event, buffer.data() + at, sizeof(inotify_event));
            const char* const name = buffer.data() + at + sizeof(inotify_event);
            on_event(event, {name, ::strnlen(name, event.len)});
            at += sizeof(inotify_event) + event.len;
        }
    }
}

}  // namespace evenkeel::posix
