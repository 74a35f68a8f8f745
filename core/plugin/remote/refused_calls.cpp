#include "core/plugin/remote/refused_calls.hpp"

#include <cerrno>
#include <cstddef>

#include <linux/seccomp.h>
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

std::optional<std::string> refuse_call(int notifications) {
    Record<seccomp_notif> told;
    if (::ioctl(notifications, SECCOMP_IOCTL_NOTIF_RECV, &told) != 0) return std::nullopt;
    Record<seccomp_notif_resp> answer;
    answer.record.id = told.record.id;
    answer.record.error = -EPERM;
    ::ioctl(notifications, SECCOMP_IOCTL_NOTIF_SEND, &answer);
    return told.record.data.nr == SYS_socket ? "network" : "spawn";
}

}  // namespace evenkeel::plugin
