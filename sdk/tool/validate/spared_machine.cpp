#include "sdk/tool/validate/spared_machine.hpp"

#include <cerrno>

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>

namespace evenkeel::validate {
namespace {

Result<void> require(int code, const std::string& folder) {
    if (code == 0) return {};
    return fail(system_error(errno, "making the machine read-only but for " + folder));
}

}  // namespace

Result<void> spare_machine(const std::string& folder) {
    if (::unshare(CLONE_NEWNS) != 0) return errno == EPERM ? Result<void>() : require(-1, folder);
    mount_attr closed{}, open{};
    closed.attr_set = MOUNT_ATTR_RDONLY;
    open.attr_clr = MOUNT_ATTR_RDONLY;
    const char* path = folder.c_str();
    EK_CHECK(require(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), folder));
    EK_CHECK(require(::mount(path, path, nullptr, MS_BIND, nullptr), folder));
    EK_CHECK(
        require(::mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &closed, sizeof(closed)), folder));
    return require(::mount_setattr(AT_FDCWD, path, 0, &open, sizeof(open)), folder);
}

}  // namespace evenkeel::validate
