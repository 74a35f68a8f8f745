#include "plugins/posix/path_watch.hpp"

#include <string>

#include <sys/inotify.h>

#include "plugins/posix/path.hpp"

namespace evenkeel::posix {

PathWatch::PathWatch(const sdk::WatchHost& host)
    : host_(host), inotify_(host), tree_(inotify_.fd()) {}

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
    report();
}

void PathWatch::drain() {
    const auto on_touch = [&](const std::string& path, Touch touch) {
        settle_.touch(path, touch, sdk::now_ns());
    };
    inotify_.drain([&](const inotify_event& event, std::string_view name) {
        if ((event.mask & IN_Q_OVERFLOW) == 0) return tree_.on_event(event, name, on_touch);
        tree_.rewatch_all();
        host_.missed();
    });
}

void PathWatch::report() {
    for (const std::string& id : settle_.take_due(sdk::now_ns())) host_.changed(id);
    for (const std::string& id : settle_.take_unsettled()) host_.unsettled(id);
    host_.timer(settle_.next_ns());
}

}  // namespace evenkeel::posix
