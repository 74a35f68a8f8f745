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

constexpr std::uint64_t kAgainNs = 100'000'000;

posix::Fd open_inotify() {
    posix::Fd fd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    if (!fd && errno == EMFILE)
        throw sdk::Failure(EK_E_UNAVAILABLE, "no inotify instance is left")
            .hint("raise fs.inotify.max_user_instances");
    if (!fd) throw posix::os_failure(errno, "make an inotify instance");
    return fd;
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
            IN_MOVED_TO | IN_CLOSE_WRITE | IN_MOVE_SELF | IN_DELETE_SELF | IN_ONLYDIR);
        if (watch >= 0) by_watch_[watch] = folder;
        if (watch < 0 && (folder.needed || errno != ENOENT))
            throw sdk::Failure(EK_E_UNAVAILABLE,
                               "cannot watch " + folder.path + ": " + std::strerror(errno))
                .hint("raise fs.inotify.max_user_watches");
    }
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

void DatabaseWatch::interest(std::string_view id, bool on) {
    const std::string name(id);
    if (on) known_[name] = watched_.look(name);
    if (on) return;
    known_.erase(name);
    changed_.erase(name);
}

void DatabaseWatch::ready(int fd, std::uint32_t) {
    const bool something_came = fd >= 0 && drain();
    if (fd < 0 || something_came) look(something_came);
}

bool DatabaseWatch::is_telling(int watch, std::uint32_t mask, const std::string& name) const {
    if ((mask & IN_Q_OVERFLOW) != 0) return true;
    const auto folder = by_watch_.find(watch);
    if (folder == by_watch_.end()) return false;
    if ((mask & (IN_IGNORED | IN_MOVE_SELF | IN_DELETE_SELF)) != 0)
        throw sdk::Failure(EK_E_UNAVAILABLE, folder->second.path + " was replaced");
    return contains((mask & IN_MOVED_TO) != 0 ? folder->second.renamed : folder->second.closed,
                    name);
}

bool DatabaseWatch::drain() {
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
            telling =
                is_telling(event.wd, event.mask, std::string(name, ::strnlen(name, event.len))) ||
                telling;
            at += sizeof(inotify_event) + event.len;
        }
    }
}

// Nobody is judged in the middle of his work: a run writes its database several times, with
// packages unpacked and not configured, or the old one beside the new. What changes meanwhile is
// remembered, so that it is told of even if it changes back.
void DatabaseWatch::look(bool something_came) {
    const bool at_work = watched_.at_work().has_value();
    host_.timer(at_work ? sdk::now_ns() + kAgainNs : 0);
    if (at_work && !something_came) return;
    for (auto& [id, known] : known_) {
        std::string now = watched_.look(id);
        if (now == known) continue;
        known = std::move(now);
        changed_.insert(id);
    }
    if (at_work) return;
    for (const std::string& id : changed_) host_.changed(id);
    changed_.clear();
}

}  // namespace evenkeel::packages
