#include "plugins/posix/acl.hpp"

#include <cerrno>
#include <cstring>

#include <endian.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <sys/xattr.h>

#include "plugins/posix/failure.hpp"

namespace evenkeel::posix {

namespace {

constexpr const char* kAccess = "system.posix_acl_access";
constexpr const char* kDefault = "system.posix_acl_default";

bool is_none(int error_number) {
    return error_number == ENODATA || error_number == ENOTSUP;
}

Acl parse(const std::vector<char>& bytes, const std::string& path) {
    posix_acl_xattr_header header{};
    const std::size_t entries = bytes.size() < sizeof header ? 0 : bytes.size() - sizeof header;
    if (bytes.size() >= sizeof header) std::memcpy(&header, bytes.data(), sizeof header);
    if (le32toh(header.a_version) != POSIX_ACL_XATTR_VERSION)
        throw sdk::Failure(EK_E_UNSUPPORTED, "the ACL of " + path + " has a form not known here");
    Acl acl;
    for (std::size_t at = 0; at + sizeof(posix_acl_xattr_entry) <= entries;
         at += sizeof(posix_acl_xattr_entry)) {
        posix_acl_xattr_entry entry{};
        std::memcpy(&entry, bytes.data() + sizeof header + at, sizeof entry);
        const auto tag = le16toh(entry.e_tag);
        if (tag != ACL_USER && tag != ACL_GROUP) continue;
        acl.named.push_back({tag == ACL_GROUP, le32toh(entry.e_id),
                             static_cast<mode_t>(le16toh(entry.e_perm) & 07u)});
    }
    return acl;
}

// The kernel takes as much memory as it is offered: 64 KiB for each file would be most of the work
// where hardly any has an ACL.
Acl read(int fd, const char* name, const std::string& path) {
    std::vector<char> bytes(512);
    ssize_t length = ::fgetxattr(fd, name, bytes.data(), bytes.size());
    if (length < 0 && is_none(errno)) return {};
    if (length < 0 && errno == ERANGE) {
        bytes.resize(64 * 1024);
        length = ::fgetxattr(fd, name, bytes.data(), bytes.size());
    }
    if (length < 0) throw os_failure(errno, "read the ACL of " + path);
    bytes.resize(static_cast<std::size_t>(length));
    return parse(bytes, path);
}

void drop(int fd, const char* name, const std::string& path) {
    if (::fremovexattr(fd, name) != 0 && !is_none(errno))
        throw os_failure(errno, "remove the ACL of " + path);
}

std::string bits_text(mode_t bits) {
    return {(bits & 4u) != 0 ? 'r' : '-', (bits & 2u) != 0 ? 'w' : '-',
            (bits & 1u) != 0 ? 'x' : '-'};
}

}  // namespace

std::vector<std::string> Acl::beyond(mode_t mode, uid_t owner, Accounts& accounts) const {
    std::vector<std::string> grants;
    for (const Entry& entry : named) {
        const mode_t granted = entry.bits & (mode >> 3) & 07u;
        const bool is_owner = !entry.is_group && entry.id == owner;
        if (is_owner || (granted & ~mode & 07u) == 0) continue;
        grants.push_back((entry.is_group ? "group:" + accounts.group_name(entry.id)
                                         : "user:" + accounts.user_name(entry.id)) +
                         ":" + bits_text(granted));
    }
    return grants;
}

Acl access_acl(int fd, const std::string& path) {
    return read(fd, kAccess, path);
}

Acl default_acl(int fd, const std::string& path) {
    return read(fd, kDefault, path);
}

void drop_access_acl(int fd, const std::string& path) {
    drop(fd, kAccess, path);
}

void drop_default_acl(int fd, const std::string& path) {
    drop(fd, kDefault, path);
}

}  // namespace evenkeel::posix
