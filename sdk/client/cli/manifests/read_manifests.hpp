#pragma once

#include <string>
#include <vector>

#include "sdk/client/cli/manifests/objects.hpp"

namespace evenkeel::cli {

inline constexpr std::size_t kContentBytesMost = 512 << 10;  // of a file that content_file names
inline constexpr std::size_t kSecretBytesMost = 64 << 10;    // of a value_from

// Reads files, folders (see source_files) and "-": every document is a manifest {"kind","name",...}
// with the members of the REST body, or {"kind":"settings","scope","settings":{KEY: ...}}. A file
// that content_file or value_from names is none; it lies in the manifests' folder or in one that is
// `allowed`. What is wrong is told all at once: file, line where it is known, pointer. Empty when
// there are no manifests at all.
client::Result<Manifests> read_manifests(const std::vector<std::string>& sources,
                                         const std::vector<std::string>& allowed);

}  // namespace evenkeel::cli
