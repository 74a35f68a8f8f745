#include "plugins/accounts/etc_watch.hpp"

#include <cerrno>
#include <utility>
#include <vector>

#include <sys/inotify.h>

#include "plugins/accounts/locks.hpp"
#include "plugins/posix/failure.hpp"

namespace evenkeel::accounts {

namespace {

// How often the locks are polled: one whose process has ended makes no event.
constexpr std::uint64_t kLockedNs = 100'000'000;
// When a file that cannot be read is tried again; it may be in the middle of being replaced.
constexpr std::uint64_t kUnreadableNs = 1'000'000'000;

bool is_account_file(std::string_view name) {
    return name == "passwd" || name == "shadow" || name == "group" || name == "gshadow";
}

}  // namespace

EtcWatch::EtcWatch(const sdk::WatchHost& host, Fingerprint fingerprint, std::string etc,
                   std::uint64_t renew_ns)
    : host_(host),
      fingerprint_(std::move(fingerprint)),
      etc_(std::move(etc)),
      renew_ns_(renew_ns),
      inotify_(host) {
    const std::uint32_t mask = IN_MOVED_TO | IN_CLOSE_WRITE | IN_DELETE | IN_ONLYDIR;
    if (inotify_.add(etc_, mask) < 0) throw posix::os_failure(ENOENT, "watch " + etc_);
}

std::size_t EtcWatch::hash_of(const Database& database, const std::string& id) const {
    return std::hash<std::string>()(fingerprint_(database, id));
}

void EtcWatch::interest(std::string_view id, bool on) {
    const std::string name(id);
    seen_.erase(name);
    if (!on) return;
    std::size_t& seen = seen_[name];
    try {
        seen = hash_of(Database::load(etc_), name);
    } catch (const sdk::Failure&) {
        // What cannot be read now counts as changed when it can.
    }
}

void EtcWatch::ready(int fd, std::uint32_t) {
    if (fd >= 0) drain();
    report();
}

void EtcWatch::drain() {
    inotify_.drain([this](const inotify_event& event, std::string_view name) {
        if ((event.mask & IN_IGNORED) != 0) throw sdk::Failure(EK_E_UNAVAILABLE, etc_ + " is gone");
        const bool overflowed = (event.mask & IN_Q_OVERFLOW) != 0;
        if (overflowed) host_.missed();
        touched_ = touched_ || overflowed || is_account_file(name);
    });
}

// One of the four files may be new and another one old.
void EtcWatch::tell_unsettled() {
    const std::uint64_t now = sdk::now_ns();
    if (std::exchange(unsettled_, true) && now - told_ns_ < renew_ns_) return;
    told_ns_ = now;
    for (const auto& [id, seen] : seen_) host_.unsettled(id);
}

void EtcWatch::report() {
    if (!touched_) return;
    if (lock_holder(etc_)) {
        tell_unsettled();
        return host_.timer(sdk::now_ns() + kLockedNs);
    }
    std::vector<std::string> changed;
    try {
        const Database database = Database::load(etc_);
        for (auto& [id, seen] : seen_) {
            const std::size_t now = hash_of(database, id);
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
