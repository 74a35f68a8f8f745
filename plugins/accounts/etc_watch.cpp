#include "plugins/accounts/etc_watch.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "plugins/accounts/locks.hpp"
#include "plugins/posix/failure.hpp"

namespace evenkeel::accounts {

namespace {

// Looked again meanwhile, since a lock that its process left behind makes no event.
constexpr std::uint64_t kLockedNs = 100'000'000;
// A file that cannot be read is looked at again; somebody may be about to put it back.
constexpr std::uint64_t kUnreadableNs = 1'000'000'000;

posix::Fd open_watch(const std::string& etc) {
    posix::Fd fd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    if (!fd && errno == EMFILE)
        throw sdk::Failure(EK_E_UNAVAILABLE, "no inotify instance is left")
            .hint("raise fs.inotify.max_user_instances");
    if (!fd) throw posix::os_failure(errno, "make an inotify instance");
    const std::uint32_t mask = IN_MOVED_TO | IN_CLOSE_WRITE | IN_DELETE | IN_ONLYDIR;
    if (::inotify_add_watch(fd.get(), etc.c_str(), mask) >= 0) return fd;
    if (errno != ENOSPC) throw posix::os_failure(errno, "watch " + etc);
    throw sdk::Failure(EK_E_UNAVAILABLE, "no inotify watch is left")
        .hint("raise fs.inotify.max_user_watches");
}

bool is_truth(std::string_view name) {
    return name == "passwd" || name == "shadow" || name == "group";
}

}  // namespace

EtcWatch::EtcWatch(const sdk::WatchHost& host, Look look, std::string etc)
    : host_(host), look_(std::move(look)), etc_(std::move(etc)), inotify_(open_watch(etc_)) {
    host_.fd(inotify_.get(), POLLIN);
}

EtcWatch::~EtcWatch() {
    try {
        host_.timer(0);
        host_.fd(inotify_.get(), 0);
    } catch (const sdk::Failure&) {
        // The host takes the descriptor out by itself when it is closed.
    }
}

std::size_t EtcWatch::print_of(const Database& database, const std::string& id) const {
    return std::hash<std::string>()(look_(database, id));
}

void EtcWatch::interest(std::string_view id, bool on) {
    const std::string name(id);
    seen_.erase(name);
    if (!on) return;
    std::size_t& seen = seen_[name];
    try {
        seen = print_of(Database::load(etc_), name);
    } catch (const sdk::Failure&) {
        // What cannot be read now counts as changed when it can.
    }
}

void EtcWatch::ready(int fd, std::uint32_t) {
    if (fd >= 0) drain();
    tell();
}

void EtcWatch::drain() {
    alignas(inotify_event) std::array<char, 16384> buffer;
    while (true) {
        const ssize_t length = ::read(inotify_.get(), buffer.data(), buffer.size());
        if (length < 0 && errno == EINTR) continue;
        if (length < 0 && errno == EAGAIN) return;
        if (length <= 0) throw posix::os_failure(length < 0 ? errno : EIO, "read from inotify");
        for (std::size_t at = 0; at < static_cast<std::size_t>(length);) {
            inotify_event event{};
            std::memcpy(&event, buffer.data() + at, sizeof(inotify_event));
            const char* const name = buffer.data() + at + sizeof(inotify_event);
            if ((event.mask & IN_IGNORED) != 0)
                throw sdk::Failure(EK_E_UNAVAILABLE, etc_ + " is gone");
            if ((event.mask & IN_Q_OVERFLOW) != 0) host_.missed();
            touched_ = touched_ || (event.mask & IN_Q_OVERFLOW) != 0 ||
                       is_truth({name, ::strnlen(name, event.len)});
            at += sizeof(inotify_event) + event.len;
        }
    }
}

void EtcWatch::tell() {
    if (!touched_) return;
    if (lock_holder(etc_)) {
        // One of the three is new and another may be old: no account can be told now.
        if (!std::exchange(unsettled_, true))
            for (const auto& [id, seen] : seen_) host_.unsettled(id);
        return host_.timer(sdk::now_ns() + kLockedNs);
    }
    std::vector<std::string> changed;
    try {
        const Database database = Database::load(etc_);
        for (auto& [id, seen] : seen_) {
            const std::size_t now = print_of(database, id);
            if (std::exchange(seen, now) != now || unsettled_) changed.push_back(id);
        }
    } catch (const sdk::Failure&) {
        return host_.timer(sdk::now_ns() + kUnreadableNs);
    }
    touched_ = unsettled_ = false;
    host_.timer(0);
    for (const std::string& id : changed) host_.changed(id);
}

}  // namespace evenkeel::accounts
