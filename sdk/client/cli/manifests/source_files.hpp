#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "sdk/client/cli/manifests/objects.hpp"

// Files of a folder of manifests, which nothing in it may lead out of.
namespace evenkeel::cli {

struct SourceFile {
    std::string path;     // as it is shown; "-" is standard input
    std::string real;     // without symbolic links; empty for standard input
    std::string confine;  // the folder, without symbolic links, that nothing it names may leave
};
// The files, and of folders their *.yaml, *.yml and *.json, sorted, with those of the folders in
// them; hidden ones are left out. Symbolic links to files are followed within the folder.
std::vector<SourceFile> source_files(const std::vector<std::string>& sources, Problems& problems);

// What a manifest names beside itself.
struct NamedFile {
    std::string real;   // without symbolic links
    std::string wrong;  // why it is none; then `real` is empty
};
// `name` is relative to the folder of `from`, and leads to a regular file within what confines it.
NamedFile find_beside(const SourceFile& from, const std::string& name);

}  // namespace evenkeel::cli
