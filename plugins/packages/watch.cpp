#include "plugins/packages/watch.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <sys/inotify.h>

#include "plugins/posix/failure.hpp"

namespace evenkeel::packages {

namespace {

// Looked again meanwhile, since a lock that is none of a file makes no event.
constexpr std::uint64_t kAgainNs = 100'000'000;
// Given to one who has opened a lock to take it.
constexpr std::uint64_t kOpenedNs = 10'000'000;

bool contains(const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

DatabaseWatch::DatabaseWatch(const sdk::WatchHost& host, Watched watched)
    : host_(host), watched_(std::move(watched)), inotify_(host) {
    for (const Watched::Folder& folder : watched_.folders) {
        const int watch = inotify_.add(folder.path, IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE |
                                                        IN_MOVE_SELF | IN_DELETE_SELF | IN_ONLYDIR);
        if (watch >= 0) by_watch_[watch] = folder;
        if (watch < 0 && folder.needed) throw posix::os_failure(ENOENT, "watch " + folder.path);
    }
    watch_locks();
}

// The files, not what is opened in their folder: whoever reads the database opens what is beside
// them. One that is watched already stays so.
void DatabaseWatch::watch_locks() {
    for (const Watched::Folder& folder : watched_.folders) {
        for (const std::string& lock : folder.locks) {
            const int watch = inotify_.add(folder.path + "/" + lock, IN_OPEN);
            if (watch >= 0) locks_.insert(watch);
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
    inotify_.drain([this](const inotify_event& event, std::string_view name) {
        on_event(event.wd, event.mask, std::string(name));
    });
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
