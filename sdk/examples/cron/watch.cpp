#include "watch.hpp"

#include <array>
#include <cerrno>
#include <cstring>

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "crontab.hpp"

namespace cron {

FolderWatch::FolderWatch(const std::string& folder, const sdk::WatchHost& host)
    : host_(host), fd_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
    constexpr std::uint32_t kEvents = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE |
                                      IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
    if (!fd_ || ::inotify_add_watch(fd_.get(), folder.c_str(), kEvents) < 0)
        throw sdk::Failure(EK_E_UNAVAILABLE,
                           "cannot watch " + folder + ": " + std::strerror(errno));
    host_.fd(fd_.get(), POLLIN);
}

FolderWatch::~FolderWatch() {
    try {
        host_.fd(fd_.get(), 0);
    } catch (const sdk::Failure&) {  // it knows of none, then
    }
}

void FolderWatch::interest(std::string_view id, bool on) {
    if (on) wanted_.emplace(id);
    else wanted_.erase(std::string(id));
}

void FolderWatch::ready(int, std::uint32_t) {
    alignas(inotify_event) std::array<char, 4096> bytes{};
    while (true) {
        const ssize_t count = ::read(fd_.get(), bytes.data(), bytes.size());
        if (count <= 0) return;
        for (ssize_t at = 0; at < count;) {
            const auto* event = reinterpret_cast<const inotify_event*>(bytes.data() + at);
            at += static_cast<ssize_t>(sizeof *event + event->len);
            if ((event->mask & IN_Q_OVERFLOW) != 0) host_.missed();
            // The host opens another watch, of the folder that is there then.
            if ((event->mask & (IN_IGNORED | IN_MOVE_SELF)) != 0)
                throw sdk::Failure(EK_E_UNAVAILABLE, "the folder of the crontabs is gone");
            if (event->len == 0) continue;
            const auto name = Crontabs::name_of(event->name);
            if (name && wanted_.count(*name) != 0) host_.changed(*name);
        }
    }
}

}  // namespace cron
