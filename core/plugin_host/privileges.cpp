#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <utility>

#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/plugin_host/sandbox.hpp"

namespace evenkeel::plugin_host {
namespace {

constexpr std::array<std::pair<const char*, int>, 41> kCapabilities = {{
    {"CAP_CHOWN", CAP_CHOWN},
    {"CAP_DAC_OVERRIDE", CAP_DAC_OVERRIDE},
    {"CAP_DAC_READ_SEARCH", CAP_DAC_READ_SEARCH},
    {"CAP_FOWNER", CAP_FOWNER},
    {"CAP_FSETID", CAP_FSETID},
    {"CAP_KILL", CAP_KILL},
    {"CAP_SETGID", CAP_SETGID},
    {"CAP_SETUID", CAP_SETUID},
    {"CAP_SETPCAP", CAP_SETPCAP},
    {"CAP_LINUX_IMMUTABLE", CAP_LINUX_IMMUTABLE},
    {"CAP_NET_BIND_SERVICE", CAP_NET_BIND_SERVICE},
    {"CAP_NET_BROADCAST", CAP_NET_BROADCAST},
    {"CAP_NET_ADMIN", CAP_NET_ADMIN},
    {"CAP_NET_RAW", CAP_NET_RAW},
    {"CAP_IPC_LOCK", CAP_IPC_LOCK},
    {"CAP_IPC_OWNER", CAP_IPC_OWNER},
    {"CAP_SYS_MODULE", CAP_SYS_MODULE},
    {"CAP_SYS_RAWIO", CAP_SYS_RAWIO},
    {"CAP_SYS_CHROOT", CAP_SYS_CHROOT},
    {"CAP_SYS_PTRACE", CAP_SYS_PTRACE},
    {"CAP_SYS_PACCT", CAP_SYS_PACCT},
    {"CAP_SYS_ADMIN", CAP_SYS_ADMIN},
    {"CAP_SYS_BOOT", CAP_SYS_BOOT},
    {"CAP_SYS_NICE", CAP_SYS_NICE},
    {"CAP_SYS_RESOURCE", CAP_SYS_RESOURCE},
    {"CAP_SYS_TIME", CAP_SYS_TIME},
    {"CAP_SYS_TTY_CONFIG", CAP_SYS_TTY_CONFIG},
    {"CAP_MKNOD", CAP_MKNOD},
    {"CAP_LEASE", CAP_LEASE},
    {"CAP_AUDIT_WRITE", CAP_AUDIT_WRITE},
    {"CAP_AUDIT_CONTROL", CAP_AUDIT_CONTROL},
    {"CAP_SETFCAP", CAP_SETFCAP},
    {"CAP_MAC_OVERRIDE", CAP_MAC_OVERRIDE},
    {"CAP_MAC_ADMIN", CAP_MAC_ADMIN},
    {"CAP_SYSLOG", CAP_SYSLOG},
    {"CAP_WAKE_ALARM", CAP_WAKE_ALARM},
    {"CAP_BLOCK_SUSPEND", CAP_BLOCK_SUSPEND},
    {"CAP_AUDIT_READ", CAP_AUDIT_READ},
    {"CAP_PERFMON", CAP_PERFMON},
    {"CAP_BPF", CAP_BPF},
    {"CAP_CHECKPOINT_RESTORE", CAP_CHECKPOINT_RESTORE},
}};

Result<std::uint64_t> declared(const plugin::Permissions& permissions) {
    std::uint64_t all = 0;
    for (const std::string& name : permissions.capabilities) {
        const auto known = std::find_if(kCapabilities.begin(), kCapabilities.end(),
                                        [&](const auto& each) { return name == each.first; });
        if (known == kCapabilities.end())
            return fail(Errc::invalid, "its manifest declares \"" + name +
                                           "\", which is no capability: correct the manifest");
        all |= std::uint64_t{1} << known->second;
    }
    return all;
}

struct Sets {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct data[2]{};
};

std::uint64_t permitted() {
    Sets sets;
    if (::syscall(SYS_capget, &sets.header, sets.data) != 0) return 0;
    return sets.data[0].permitted | (std::uint64_t{sets.data[1].permitted} << 32);
}

// Also those that programs inherit which it starts.
Result<void> keep(std::uint64_t wanted) {
    Sets sets;
    for (unsigned half = 0; half < 2; ++half) {
        const auto bits = static_cast<std::uint32_t>(wanted >> (32 * half));
        sets.data[half] = {bits, bits, bits};
    }
    if (::syscall(SYS_capset, &sets.header, sets.data) != 0)
        return fail(system_error(errno, "cannot give its capabilities up"));
    ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    for (int capability = 0; capability < 64; ++capability)
        if ((wanted >> capability & 1) != 0)
            ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0);
    return {};
}

Result<void> become(const plugin::Service& service) {
    if (!service.changes_user) return {};
    // Else the kernel takes all capabilities away with the user.
    const bool changed = ::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == 0 &&
                         ::setgroups(0, nullptr) == 0 &&
                         ::setresgid(service.gid, service.gid, service.gid) == 0 &&
                         ::setresuid(service.uid, service.uid, service.uid) == 0;
    if (changed) return {};
    return fail(system_error(errno, "cannot become user " + std::to_string(service.uid)));
}

}  // namespace

Result<void> limit_privileges(const plugin::Service& service) {
    const std::uint64_t wanted = EK_TRY(declared(service.permissions)) & permitted();
    // Without CAP_SETPCAP it has none that a program could inherit either.
    for (int capability = 0; capability < 64; ++capability)
        if ((wanted >> capability & 1) == 0) ::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
    EK_CHECK(become(service));
    return keep(wanted);
}

}  // namespace evenkeel::plugin_host
