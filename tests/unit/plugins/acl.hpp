#pragma once

#include <cerrno>
#include <cstdint>
#include <string>
#include <vector>

#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <sys/stat.h>
#include <sys/xattr.h>

namespace evenkeel::test {

inline void append(std::string& bytes, std::uint16_t tag, std::uint16_t bits,
                   std::uint32_t id = static_cast<std::uint32_t>(ACL_UNDEFINED_ID)) {
    const posix_acl_xattr_entry entry{tag, bits, id};
    bytes.append(reinterpret_cast<const char*>(&entry), sizeof entry);
}

// What setfacl -m user:UID:BITS makes of an object with this mode: the mask lets all of it through.
inline std::string acl_for(uid_t uid, std::uint16_t bits, mode_t mode) {
    const posix_acl_xattr_header header{POSIX_ACL_XATTR_VERSION};
    std::string bytes(reinterpret_cast<const char*>(&header), sizeof header);
    const auto part = [mode](int shift) {
        return static_cast<std::uint16_t>((mode >> shift) & 7u);
    };
    append(bytes, ACL_USER_OBJ, part(6));
    append(bytes, ACL_USER, bits, uid);
    append(bytes, ACL_GROUP_OBJ, part(3));
    append(bytes, ACL_MASK, static_cast<std::uint16_t>(part(3) | bits));
    append(bytes, ACL_OTHER, part(0));
    return bytes;
}

inline bool grant(const std::string& path, uid_t uid, std::uint16_t bits) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) return false;
    const std::string acl = acl_for(uid, bits, info.st_mode);
    return ::setxattr(path.c_str(), "system.posix_acl_access", acl.data(), acl.size(), 0) == 0;
}

inline bool grant_below(const std::string& folder, uid_t uid, std::uint16_t bits) {
    const std::string acl = acl_for(uid, bits, 0755);
    return ::setxattr(folder.c_str(), "system.posix_acl_default", acl.data(), acl.size(), 0) == 0;
}

inline bool has_acl(const std::string& path) {
    return ::lgetxattr(path.c_str(), "system.posix_acl_access", nullptr, 0) >= 0;
}

}  // namespace evenkeel::test
