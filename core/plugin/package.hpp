#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <sys/stat.h>

#include "core/base/result.hpp"
#include "core/crypto/signing.hpp"

namespace evenkeel::plugin {

// Whom a host believes that a plugin is good.
struct Trust {
    bool accept_own_user = false;  // --plugin-dir: files of the running user will do, else root's
    bool require_signatures = false;  // nothing is loaded that none of the keys has signed
    std::vector<crypto::VerifyKey> keys = {};
};

// A plugin's files, before any of its code has run.
struct Package {
    std::string name;      // "files"
    std::string object;    // path of the shared object
    std::string sha256;    // of the shared object, as its sum file has it and as it is
    std::string manifest;  // byte for byte
    std::string id;        // from the manifest, as is what follows
    std::string version;
    std::int64_t abi_major = 0;
    std::vector<std::string> collections;
    std::string signed_by;       // id of the key of Trust that has signed it; empty: none
    struct stat object_info {};  // of the file that was hashed
};

// `stem` is the path without ".so": "/usr/lib/evenkeel/plugins/files".
struct Inspection {
    Package package;              // as far as it could be read
    std::vector<Error> refusals;  // each says what to do; none: it may be loaded
};
// Looks at the plugin's files: who could have written the folder and the files, then the manifest,
// the platform, the shared object, the sums and the signature. Runs none of its code. Reads and
// hashes the whole file. [any]
Inspection inspect_package(const std::string& stem, const Trust& trust);

// Finds the plugin in the first of `folders` that has its manifest; the error is the first refusal,
// or `not_found`. [any]
Result<Package> find_package(const std::vector<std::string>& folders, const std::string& name,
                             const Trust& trust);

// Whether both are of the very same shared object, and not of an equal one that has taken its
// place.
bool have_same_object(const Package& one, const Package& other);

// `stale` when the path of the shared object leads to another file by now, or to the same one
// with other bytes. [any]
Result<void> require_same_object(const Package& package);

}  // namespace evenkeel::plugin
