#include "watch.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <poll.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "defect.hpp"

namespace evenkeel::test {

void count_in_watch();

Watch::Watch(Tray& tray, const ek_watch_host* host) : tray_(tray), host_(host) {
    fd_ = ::inotify_init1(breaks("H01") ? 0 : IN_NONBLOCK | IN_CLOEXEC);
    if (fd_ < 0 || ::inotify_add_watch(fd_, tray.store.folder().c_str(),
                                       IN_MOVED_TO | IN_DELETE | IN_CLOSE_WRITE) < 0)
        throw sdk::Failure(EK_E_UNAVAILABLE, "no watch is left for the folder");
    host_->fd(host_->ctx, fd_, POLLIN);
    if (breaks("H02")) host_->timer(host_->ctx, sdk::now_ns() + 50'000'000);
}

Watch::~Watch() {
    int pending = 0;
    ::ioctl(fd_, FIONREAD, &pending);
    if (breaks("H11") && pending > 0) std::abort();
    host_->fd(host_->ctx, fd_, 0);
    if (!breaks("H10")) ::close(fd_);
}

void Watch::interest(const std::string& id, bool on) {
    if (on) there_[id] = tray_.store.text(id).has_value();
    else there_.erase(id);
}

void Watch::tell(std::int32_t kind, const std::string& id) {
    const ek_hint hint{sizeof(ek_hint), kind, id.empty() ? ek_str{nullptr, 0} : sdk::borrow(id)};
    host_->hint(host_->ctx, &hint);
}

void Watch::see(const std::string& name, bool gone) {
    if (breaks("H06") && name[0] != '.') tell(EK_HINT_CHANGED, "stranger");
    const auto id = there_.find(name);
    if (id == there_.end() || deaf_ || (breaks("H07") && ++events_ > 500)) return;
    const bool is_new = !gone && !id->second;
    id->second = !gone;
    if (breaks("H12") && gone) deaf_ = true;
    if (gone ? breaks("H05") : is_new ? breaks("H03") : breaks("H04")) return;
    tell(EK_HINT_CHANGED, name);
}

ek_status Watch::ready(int fd) {
    count_in_watch();
    if (breaks("H02")) host_->timer(host_->ctx, sdk::now_ns() + 50'000'000);
    if (fd < 0) return EK_OK;
    alignas(inotify_event) std::array<char, 65536> buffer;
    const ssize_t length = ::read(fd_, buffer.data(), buffer.size());
    if (length < 0 && breaks("H09")) return EK_E_INTERNAL;
    for (ssize_t at = 0; at < length;) {
        inotify_event event{};
        std::memcpy(&event, buffer.data() + at, sizeof event);
        if ((event.mask & IN_Q_OVERFLOW) != 0) {
            if (!breaks("H08")) tell(EK_HINT_MISSED, "");
        } else if (event.len > 0) {
            see(buffer.data() + at + sizeof event, (event.mask & IN_DELETE) != 0);
        }
        at += static_cast<ssize_t>(sizeof event + event.len);
    }
    return EK_OK;
}

}  // namespace evenkeel::test
