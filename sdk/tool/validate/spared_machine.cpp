#include "sdk/tool/validate/spared_machine.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>

namespace evenkeel::validate {

bool spare_machine(const std::string& folder) {
    mount_attr closed{}, open{};
    closed.attr_set = MOUNT_ATTR_RDONLY;
    open.attr_clr = MOUNT_ATTR_RDONLY;
    return ::unshare(CLONE_NEWNS) == 0 &&
           ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
           ::mount(folder.c_str(), folder.c_str(), nullptr, MS_BIND, nullptr) == 0 &&
           ::mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &closed, sizeof(closed)) == 0 &&
           ::mount_setattr(AT_FDCWD, folder.c_str(), 0, &open, sizeof(open)) == 0;
}

}  // namespace evenkeel::validate
