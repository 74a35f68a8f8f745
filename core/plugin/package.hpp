#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/result.hpp"

namespace evenkeel::plugin {

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
};

// Finds the plugin in the first of `folders` that has its manifest and checks it: the manifest
// first, then who could have written the folder and the files, then the sums. With
// `accept_own_user` files of the running user will do, else they have to be root's. The error says
// what to do. [any]
Result<Package> find_package(const std::vector<std::string>& folders, const std::string& name,
                             bool accept_own_user);

}  // namespace evenkeel::plugin
