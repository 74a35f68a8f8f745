#include "core/plugin/remote/refused_calls.hpp"

#include <cerrno>
#include <cstddef>

#include <linux/seccomp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

namespace evenkeel::plugin {
namespace {

// A later kernel's records are larger.
template <typename T>
union Record {
    T record;
    char space[1024] = {};
};

}  // namespace

bool refuse_call(int notifications, const std::function<void(const std::string&)>& tell) {
    // Who waits to be refused may be gone by now, and to receive would wait for the next.
    pollfd polled{notifications, POLLIN, 0};
    if (::poll(&polled, 1, 0) <= 0 || (polled.revents & POLLIN) == 0) return false;
    Record<seccomp_notif> told;
    if (::ioctl(notifications, SECCOMP_IOCTL_NOTIF_RECV, &told) != 0) return false;
    tell(told.record.data.nr == SYS_socket ? "network" : "spawn");
    Record<seccomp_notif_resp> answer;
    answer.record.id = told.record.id;
    answer.record.error = -EPERM;
    ::ioctl(notifications, SECCOMP_IOCTL_NOTIF_SEND, &answer);
    return true;
}

}  // namespace evenkeel::plugin
