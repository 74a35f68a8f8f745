#include "plugins/packages/watch.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <sys/inotify.h>

#include "plugins/posix/failure.hpp"

namespace evenkeel::packages {

namespace {

// How often the locks are polled while one is held: a lock that is released makes no event.
constexpr std::uint64_t kPollNs = 100'000'000;
// How long a process has to take a lock that it has opened.
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

// The lock files themselves and not their folder, where each reader of the database opens files. To
// add one that is watched already changes nothing.
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
    known_[name] = watched_.fingerprint(name);
    if (unsettled_) return host_.unsettled(name);
    if (watched_.find_holder()) report();
}

void DatabaseWatch::ready(int fd, std::uint32_t) {
    if (fd >= 0) drain();
    report();
}

void DatabaseWatch::on_event(int watch, std::uint32_t mask, const std::string& name) {
    if ((mask & IN_Q_OVERFLOW) != 0) {
        // missed() also makes the host forget which are unsettled.
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

// Nothing is reported while a package manager runs: it writes its database several times, with
// packages unpacked and not configured, or the old version beside the new one.
void DatabaseWatch::report() {
    const bool opened = std::exchange(opened_, false);
    if (watched_.find_holder()) {
        const std::uint64_t now = sdk::now_ns();
        if (!std::exchange(unsettled_, true) || now >= repeat_at_ns_) {
            repeat_at_ns_ = now + watched_.repeat_ns;
            for (const auto& [id, known] : known_) host_.unsettled(id);
        }
        return host_.timer(now + kPollNs);
    }
    host_.timer(opened ? sdk::now_ns() + kOpenedNs : 0);
    const bool was_unsettled = std::exchange(unsettled_, false);
    if (!std::exchange(touched_, false) && !was_unsettled) return;
    for (auto& [id, known] : known_) {
        std::string now = watched_.fingerprint(id);
        if (std::exchange(known, now) != now || was_unsettled) host_.changed(id);
    }
}

}  // namespace evenkeel::packages
