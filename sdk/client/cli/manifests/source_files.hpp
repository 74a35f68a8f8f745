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
    std::vector<std::string> allowed = {};  // further folders, from which it may name files
};
// The files, and of folders their *.yaml, *.yml and *.json, sorted, with those of the folders in
// them; hidden ones are left out. Symbolic links to files are followed within the folder.
// `allowed`: folders from which they may name files, too.
std::vector<SourceFile> source_files(const std::vector<std::string>& sources,
                                     const std::vector<std::string>& allowed, Problems& problems);

// A file that a manifest names.
struct NamedFile {
    std::string real;           // without symbolic links
    std::string wrong;          // why it is none; then `real` is empty
    bool is_elsewhere = false;  // in a folder that is allowed, and not in the manifests' own
};
// `name`, absolute or from the folder of `from`, leads to a regular file in what confines it or in
// a folder that is allowed.
NamedFile find_named(const SourceFile& from, const std::string& name);

}  // namespace evenkeel::cli
