#include "plugins/packages/watch.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <utility>

#include <poll.h>
#include <sys/inotify.h>

#include "plugins/posix/failure.hpp"

namespace evenkeel::packages {

namespace {

// Looked again meanwhile, since a lock that is none of a file makes no event.
constexpr std::uint64_t kAgainNs = 100'000'000;
// Given to one who has opened a lock to take it.
constexpr std::uint64_t kOpenedNs = 10'000'000;

posix::Fd open_inotify() {
    posix::Fd fd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    if (!fd && errno == EMFILE)
        throw sdk::Failure(EK_E_UNAVAILABLE, "no inotify instance is left")
            .hint("raise fs.inotify.max_user_instances");
    if (!fd) throw posix::os_failure(errno, "make an inotify instance");
    return fd;
}

sdk::Failure no_watch(const std::string& path) {
    return sdk::Failure(EK_E_UNAVAILABLE, "cannot watch " + path + ": " + std::strerror(errno))
        .hint("raise fs.inotify.max_user_watches");
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

DatabaseWatch::DatabaseWatch(const sdk::WatchHost& host, Watched watched)
    : host_(host), watched_(std::move(watched)), inotify_(open_inotify()) {
    for (const Watched::Folder& folder : watched_.folders) {
        const int watch = ::inotify_add_watch(
            inotify_.get(), folder.path.c_str(),
            IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE | IN_MOVE_SELF | IN_DELETE_SELF | IN_ONLYDIR);
        if (watch >= 0) by_watch_[watch] = folder;
        if (watch < 0 && (folder.needed || errno != ENOENT)) throw no_watch(folder.path);
    }
    watch_locks();
    host_.fd(inotify_.get(), POLLIN);
}

DatabaseWatch::~DatabaseWatch() {
    try {
        host_.timer(0);
        host_.fd(inotify_.get(), 0);
    } catch (const sdk::Failure&) {
        // The host takes the descriptor out by itself when it is closed.
    }
}

// The files, not what is opened in their folder: whoever reads the database opens what is beside
// them. One that is watched already stays so.
void DatabaseWatch::watch_locks() {
    for (const Watched::Folder& folder : watched_.folders) {
        for (const std::string& lock : folder.locks) {
            const std::string path = folder.path + "/" + lock;
            const int watch = ::inotify_add_watch(inotify_.get(), path.c_str(), IN_OPEN);
            if (watch >= 0) locks_.insert(watch);
            if (watch < 0 && errno != ENOENT) throw no_watch(path);
        }
    }
}

void DatabaseWatch::interest(std::string_view id, bool on) {
    const std::string name(id);
    known_.erase(name);
    if (!on) return;
    known_[name] = watched_.look(name);
    if (unsettled_) return host_.unsettled(name);
    if (watched_.at_work()) tell();
}

void DatabaseWatch::ready(int fd, std::uint32_t) {
    if (fd >= 0) drain();
    tell();
}

void DatabaseWatch::on_event(int watch, std::uint32_t mask, const std::string& name) {
    if ((mask & IN_Q_OVERFLOW) != 0) {
        // The host forgets with it who is not settled.
        host_.missed();
        unsettled_ = false;
        touched_ = opened_ = true;
        return watch_locks();
    }
    if (locks_.count(watch) != 0) {
        opened_ = opened_ || (mask & IN_OPEN) != 0;
        if ((mask & IN_IGNORED) != 0) locks_.erase(watch);
        return;
    }
    const auto folder = by_watch_.find(watch);
    if (folder == by_watch_.end()) return;
    const auto& [path, locks, files, needed] = folder->second;
    if ((mask & (IN_IGNORED | IN_MOVE_SELF | IN_DELETE_SELF)) != 0)
        throw sdk::Failure(EK_E_UNAVAILABLE, path + " was replaced");
    if ((mask & IN_CREATE) != 0) {
        if (!contains(locks, name)) return;
        opened_ = true;
        return watch_locks();
    }
    touched_ = touched_ || contains(files, name) ||
               ((mask & IN_CLOSE_WRITE) != 0 && contains(locks, name));
}

void DatabaseWatch::drain() {
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
            on_event(event.wd, event.mask, std::string(name, ::strnlen(name, event.len)));
            at += sizeof(inotify_event) + event.len;
        }
    }
}

// Nobody is judged in the middle of his work: a run writes its database several times, with
// packages unpacked and not configured, or the old one beside the new.
void DatabaseWatch::tell() {
    const bool opened = std::exchange(opened_, false);
    if (watched_.at_work()) {
        if (!std::exchange(unsettled_, true))
            for (const auto& [id, known] : known_) host_.unsettled(id);
        return host_.timer(sdk::now_ns() + kAgainNs);
    }
    host_.timer(opened ? sdk::now_ns() + kOpenedNs : 0);
    const bool was_unsettled = std::exchange(unsettled_, false);
    if (!std::exchange(touched_, false) && !was_unsettled) return;
    for (auto& [id, known] : known_) {
        std::string now = watched_.look(id);
        if (std::exchange(known, now) != now || was_unsettled) host_.changed(id);
    }
}

}  // namespace evenkeel::packages
