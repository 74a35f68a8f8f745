#pragma once

#include <string>

#include "core/base/result.hpp"

namespace evenkeel::tool {

struct Packing {
    std::string file;
    bool is_deb = false;
    std::string folder = ".";
    std::string maintainer = "nobody <nobody@localhost>";
    std::string depends;
};

// Writes NAME-VERSION.tar.gz with the plugin's three files in a folder NAME-VERSION; the same files
// give the same bytes. The path of what was made; an error when an agent would not load the files.
Result<std::string> make_tar(const Packing& packing);

// Writes evenkeel-plugin-NAME_VERSION_ARCHITECTURE.deb, which puts the three files where agents
// look.
Result<std::string> make_deb(const Packing& packing);

}  // namespace evenkeel::tool
