#include "plugins/posix/path_watch.hpp"

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "plugins/posix/failure.hpp"
#include "plugins/posix/path.hpp"

namespace evenkeel::posix {

namespace {

// A wake-up reads no more than this many buffers, so that other watches get their turn.
constexpr int kReadsMax = 16;

Fd open_inotify() {
    Fd fd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    if (!fd && errno == EMFILE)
        throw sdk::Failure(EK_E_UNAVAILABLE, "no inotify instance is left")
            .hint("raise fs.inotify.max_user_instances");
    if (!fd) throw os_failure(errno, "make an inotify instance");
    return fd;
}

}  // namespace

PathWatch::PathWatch(const sdk::WatchHost& host)
    : host_(host), inotify_(open_inotify()), tree_(inotify_.get()) {
    host_.fd(inotify_.get(), POLLIN);
}

PathWatch::~PathWatch() {
    try {
        host_.timer(0);
        host_.fd(inotify_.get(), 0);
    } catch (const sdk::Failure&) {
        // The host takes the descriptor out by itself when it is closed.
    }
}

void PathWatch::interest(std::string_view id, bool on) {
    const std::string path(id);
    if (on) {
        require_canonical(path);
        tree_.add(path);
        return;
    }
    tree_.remove(path);
    settle_.forget(path);
}

void PathWatch::ready(int fd, std::uint32_t) {
    if (fd >= 0) drain();
    tell();
}

void PathWatch::drain() {
    alignas(inotify_event) std::array<char, 16384> buffer;
    const auto hit = [&](const std::string& path, Touch touch) {
        settle_.touch(path, touch, sdk::now_ns());
    };
    for (int reads = 0; reads < kReadsMax; ++reads) {
        const ssize_t length = ::read(inotify_.get(), buffer.data(), buffer.size());
        if (length < 0 && errno == EINTR) continue;
        if (length < 0 && errno == EAGAIN) return;
        if (length <= 0) throw os_failure(length < 0 ? errno : EIO, "read from inotify");
        for (std::size_t at = 0; at < static_cast<std::size_t>(length);) {
            inotify_event event{};
            std::memcpy(&event, buffer.data() + at, sizeof(inotify_event));
            const char* const name = buffer.data() + at + sizeof(inotify_event);
            if ((event.mask & IN_Q_OVERFLOW) != 0) {
                tree_.renew();
                host_.missed();
            } else {
                tree_.on_event(event, {name, ::strnlen(name, event.len)}, hit);
            }
            at += sizeof(inotify_event) + event.len;
        }
    }
}

void PathWatch::tell() {
    for (const std::string& id : settle_.due(sdk::now_ns())) host_.changed(id);
    for (const std::string& id : settle_.begun()) host_.unsettled(id);
    host_.timer(settle_.next_ns());
}

}  // namespace evenkeel::posix
