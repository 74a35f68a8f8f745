#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <sys/stat.h>

#include "plugins/posix/accounts.hpp"

namespace evenkeel::posix {

// The named users and groups of a POSIX ACL. It is read from its extended attribute, whose form is
// the kernel's interface (linux/posix_acl_xattr.h): by descriptor, also where it is a default ACL,
// which libacl reads by path only.
struct Acl {
    struct Entry {
        bool is_group = false;
        std::uint32_t id = 0;
        mode_t bits = 0;  // rwx
    };
    std::vector<Entry> named;

    // What the entries grant under this mode, whose group bits are the ACL's mask, and the mode
    // alone does not: "user:nobody:rw-". The owner's own entry is never used by the kernel.
    std::vector<std::string> beyond(mode_t mode, uid_t owner, Accounts& accounts) const;
};

// Of an open file or directory, not O_PATH. Empty where there is none or the file system has none.
Acl access_acl(int fd, const std::string& path);
Acl default_acl(int fd, const std::string& path);

// Leaves the mode alone, whose group bits then are the owning group's.
void drop_access_acl(int fd, const std::string& path);
void drop_default_acl(int fd, const std::string& path);

}  // namespace evenkeel::posix
