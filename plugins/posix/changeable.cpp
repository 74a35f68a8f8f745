#include "plugins/posix/changeable.hpp"

#include <cerrno>

#include <evenkeel/cpp/failure.hpp>
#include <evenkeel/cpp/fd.hpp>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "plugins/posix/failure.hpp"

namespace evenkeel::posix {

namespace {

std::uint64_t attributes_of(int fd, const std::string& path) {
    struct statx info {};
    if (::statx(fd, "", AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW, STATX_TYPE, &info) != 0)
        throw os_failure(errno, "look at " + path);
    return info.stx_attributes;
}

void require_writable_file_system(int fd, const std::string& path) {
    struct statvfs info {};
    if (::fstatvfs(fd, &info) != 0) throw os_failure(errno, "look at the file system of " + path);
    if ((info.f_flag & ST_RDONLY) != 0)
        throw sdk::Failure(EK_E_DENIED, path + " lies on a file system that is mounted read-only");
}

void require_no_flag(std::uint64_t attributes, const std::string& what) {
    const bool immutable = (attributes & STATX_ATTR_IMMUTABLE) != 0;
    if (!immutable && (attributes & STATX_ATTR_APPEND) == 0) return;
    throw sdk::Failure(EK_E_DENIED, what + (immutable ? " is immutable" : " is append-only"))
        .hint("chattr takes the flag away");
}

void require_changeable_folder(const Place& place, const std::string& path, Doing doing) {
    require_writable_file_system(place.folder.get(), path);
    std::uint64_t attributes = attributes_of(place.folder.get(), "the directory of " + path);
    // Names can be added to an append-only directory.
    if (doing == Doing::make) attributes &= ~std::uint64_t{STATX_ATTR_APPEND};
    require_no_flag(attributes, "the directory of " + path);
}

}  // namespace

void require_changeable(const Place& place, const std::string& path, Doing doing) {
    if (doing != Doing::change) require_changeable_folder(place, path, doing);
    if (doing == Doing::make) return;
    const sdk::Fd object(
        ::openat(place.folder.get(), place.name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    if (!object) throw os_failure(errno, "look at " + path);
    if (doing == Doing::change) require_writable_file_system(object.get(), path);
    const std::uint64_t attributes = attributes_of(object.get(), path);
    require_no_flag(attributes, path);
    if (doing != Doing::change && (attributes & STATX_ATTR_MOUNT_ROOT) != 0)
        throw sdk::Failure(EK_E_CONFLICT, path +
                                              " is a mount point and cannot be replaced or "
                                              "removed")
            .hint("describe what is mounted there by its own path, or unmount it");
}

}  // namespace evenkeel::posix
