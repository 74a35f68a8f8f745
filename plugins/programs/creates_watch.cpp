#include "plugins/programs/creates_watch.hpp"

#include <cerrno>

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "plugins/posix/failure.hpp"
#include "plugins/posix/path.hpp"

namespace evenkeel::programs {

namespace {

template <typename Work>
ek_status status_of(Work&& work) noexcept {
    try {
        work();
        return EK_OK;
    } catch (const sdk::Failure& failure) {
        return failure.status();
    } catch (...) {
        return EK_E_INTERNAL;
    }
}

}  // namespace

Creates::Creates() : wake_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (!wake_fd_) throw posix::os_failure(errno, "make an event descriptor");
}

void Creates::remember(std::string_view id, const std::string& path) {
    const std::string wanted = posix::canonical(path);
    const std::lock_guard lock(mutex_);
    const auto at = paths_.find(id);
    if (wanted == (at == paths_.end() ? "" : at->second)) return;
    if (wanted.empty()) paths_.erase(at);
    else paths_.insert_or_assign(std::string(id), wanted);
    const std::uint64_t one = 1;
    // Full only when it was never taken, and then it wakes all the same.
    [[maybe_unused]] const auto written = ::write(wake_fd_.get(), &one, sizeof one);
}

std::string Creates::path_of(const std::string& id) const {
    const std::lock_guard lock(mutex_);
    const auto at = paths_.find(id);
    return at == paths_.end() ? "" : at->second;
}

void Creates::take_wake() const {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto taken = ::read(wake_fd_.get(), &count, sizeof count);
}

CreatesWatch::CreatesWatch(Creates& creates, const sdk::WatchHost& host)
    : creates_(creates), host_(host), paths_host_{} {
    paths_host_.size = sizeof paths_host_;
    paths_host_.ctx = this;
    paths_host_.fd = [](void* self, std::int32_t fd, std::uint32_t events) {
        return status_of([&] { static_cast<CreatesWatch*>(self)->host_.fd(fd, events); });
    };
    paths_host_.timer = [](void* self, std::uint64_t at_ns) {
        return status_of([&] { static_cast<CreatesWatch*>(self)->host_.timer(at_ns); });
    };
    paths_host_.hint = [](void* self, const ek_hint* hint) {
        static_cast<CreatesWatch*>(self)->tell(*hint);
    };
    watch_ = std::make_unique<posix::PathWatch>(sdk::WatchHost(&paths_host_));
    host_.fd(creates_.wake_fd(), POLLIN);
}

CreatesWatch::~CreatesWatch() {
    try {
        host_.fd(creates_.wake_fd(), 0);
    } catch (const sdk::Failure&) {  // the host forgets it with the watch
    }
}

void CreatesWatch::interest(std::string_view id, bool on) {
    const std::string name(id);
    if (on) wanted_.insert(name);
    else wanted_.erase(name);
    follow(name, on ? creates_.path_of(name) : "");
}

void CreatesWatch::ready(int fd, std::uint32_t revents) {
    if (fd != creates_.wake_fd()) return watch_->ready(fd, revents);
    creates_.take_wake();
    for (const std::string& id : wanted_) follow(id, creates_.path_of(id));
}

// What became of a path before it was followed was not heard: a hint makes up for it.
void CreatesWatch::follow(const std::string& id, const std::string& path) {
    const auto before = followed_.find(id);
    if (before != followed_.end()) {
        const std::string old_path = before->second;
        if (old_path == path) return;
        followed_.erase(before);
        by_path_[old_path].erase(id);
        if (by_path_[old_path].empty()) {
            by_path_.erase(old_path);
            watch_->interest(old_path, false);
        }
    }
    if (path.empty()) return;
    if (by_path_.count(path) == 0) watch_->interest(path, true);
    by_path_[path].insert(id);
    followed_[id] = path;
    host_.changed(id);
}

void CreatesWatch::tell(const ek_hint& hint) const {
    if (hint.kind == EK_HINT_MISSED) return host_.missed();
    if (!hint.id.ptr) return host_.rescan();
    const auto ids = by_path_.find(std::string(sdk::view(hint.id)));
    if (ids == by_path_.end()) return;
    for (const std::string& id : ids->second) {
        if (hint.kind == EK_HINT_UNSETTLED) host_.unsettled(id);
        else host_.changed(id);
    }
}

}  // namespace evenkeel::programs
