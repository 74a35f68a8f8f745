#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <string>

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "core/plugin_host/sandbox.hpp"

namespace evenkeel::plugin_host {
namespace {

// Later rights than those of Debian 12's headers.
constexpr std::uint64_t kTruncate = 1u << 14;
constexpr std::uint64_t kIoctlDevice = 1u << 15;
constexpr std::uint64_t kRead =
    LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
// Those that mean something for a file that is no folder.
constexpr std::uint64_t kOfFiles = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE |
                                   LANDLOCK_ACCESS_FS_READ_FILE | kTruncate | kIoctlDevice;
// What programs, libraries and their configuration need.
constexpr const char* kReadable[] = {"/usr", "/lib",         "/lib32",      "/lib64",
                                     "/bin", "/sbin",        "/etc",        "/proc",
                                     "/sys", "/run/systemd", "/dev/random", "/dev/urandom"};
// Where /etc/resolv.conf leads to, for those with `network`.
constexpr const char* kResolvers[] = {"/run/NetworkManager/resolv.conf",
                                      "/run/resolvconf/resolv.conf"};
constexpr const char* kWritable[] = {"/dev/null", "/dev/zero", "/dev/full"};

// All rights that this kernel knows.
std::uint64_t known_rights(long version) {
    std::uint64_t rights = (std::uint64_t{LANDLOCK_ACCESS_FS_MAKE_SYM} << 1) - 1;
    if (version >= 2) rights |= LANDLOCK_ACCESS_FS_REFER;
    if (version >= 3) rights |= kTruncate;
    if (version >= 5) rights |= kIoctlDevice;
    return rights;
}

// What is not there cannot be opened anyway.
Result<void> allow(int rules, const char* path, int opened, std::uint64_t rights) {
    const Fd own(opened >= 0 ? -1 : ::open(path, O_PATH | O_CLOEXEC));
    const int fd = opened >= 0 ? opened : own.get();
    struct stat info {};
    if (fd < 0 || ::fstat(fd, &info) != 0) return {};
    if (!S_ISDIR(info.st_mode)) rights &= kOfFiles;
    const landlock_path_beneath_attr rule{rights, fd};
    if (::syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0)
        return {};
    return fail(system_error(errno, std::string("cannot allow ") + path));
}

// Whom Landlock limits can mount nothing, whatever its rules allow.
bool may_mount_all(const plugin::Permissions& permissions) {
    const auto& paths = permissions.paths;
    return permissions.declares("CAP_SYS_ADMIN") &&
           std::find(paths.begin(), paths.end(), "/") != paths.end();
}

}  // namespace

Result<bool> limit_files(const plugin::Service& service, int data_dir) {
    if (may_mount_all(service.permissions)) return true;
    const long version =
        ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (version < 1) return false;
    const std::uint64_t all = known_rights(version);
    const landlock_ruleset_attr handled{all};
    const Fd rules(
        static_cast<int>(::syscall(SYS_landlock_create_ruleset, &handled, sizeof(handled), 0)));
    if (!rules) return fail(system_error(errno, "cannot limit its files"));
    for (const char* path : kReadable) EK_CHECK(allow(rules.get(), path, -1, kRead & all));
    if (service.permissions.network)
        for (const char* path : kResolvers) EK_CHECK(allow(rules.get(), path, -1, kRead & all));
    for (const char* path : kWritable) EK_CHECK(allow(rules.get(), path, -1, all));
    for (const std::string& path : service.permissions.paths)
        EK_CHECK(allow(rules.get(), path.c_str(), -1, all));
    EK_CHECK(allow(rules.get(), service.package.object.c_str(), -1, kRead & all));
    if (data_dir >= 0) {
        EK_CHECK(allow(rules.get(), "its data folder", data_dir, all));
    } else if (!service.data_dir.empty()) {
        EK_CHECK(allow(rules.get(), service.data_dir.c_str(), -1, all));
    }
    if (::syscall(SYS_landlock_restrict_self, rules.get(), 0) == 0) return true;
    return fail(system_error(errno, "cannot limit its files"));
}

}  // namespace evenkeel::plugin_host
