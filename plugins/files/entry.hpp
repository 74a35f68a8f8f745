#pragma once

#include <optional>
#include <string>

#include <evenkeel/plugin.hpp>
#include <sys/stat.h>

#include "plugins/files/content.hpp"
#include "plugins/files/sha256.hpp"
#include "plugins/posix/acl.hpp"
#include "plugins/posix/walk.hpp"

namespace evenkeel::files {

class Hashes;

enum class Kind { absent, file, symlink, directory, other };

// "file", "symlink", "directory" or "other".
const char* to_string(Kind kind);

// What is at a path now.
struct Entry {
    Kind kind = Kind::absent;
    struct stat info {};
    Content content;     // of a file
    std::string target;  // of a symlink
    posix::Acl acl;      // of a file
    // Others than root can write its directory, and it has another name somewhere: a stranger may
    // have linked a secret there, so the content is not read.
    bool withheld = false;
};

// Reads what is at `place`, `path`; `keep_bytes` as in read_content(). Of a file the content is
// read only if `hashes` does not know it, or its bytes are to be kept, and if it is not large. A
// place whose directory is missing holds nothing.
Entry read_entry(const posix::Place& place, const std::string& path, bool keep_bytes,
                 Hashes& hashes, const sdk::Call& call);

// The hash of a file, which `info` shows, if a look would read nothing of it: only root can write
// it, and the hash is known and not due. Then its ACL is what the last look saw too, since a change
// of that changes a time that goes with the hash.
std::optional<Digest> trusted_hash(const posix::Place& place, const std::string& path,
                                   const struct stat& info, Hashes& hashes);

// The description with which an apply makes it; its content was kept. Throws EK_E_UNSUPPORTED for
// what no description can make: a larger or withheld file, a directory, a device. `entry` is not
// absent.
std::string description_of(const Entry& entry, const std::string& path, posix::Accounts& accounts);

// The state as JSON. `entry` is not absent.
std::string state_of(const Entry& entry, posix::Accounts& accounts);

}  // namespace evenkeel::files
