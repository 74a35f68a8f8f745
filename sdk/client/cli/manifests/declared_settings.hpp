#pragma once

#include <optional>
#include <string>

#include "sdk/client/cli/manifests/objects.hpp"
#include "sdk/client/cli/manifests/source_files.hpp"

namespace evenkeel::cli {

// A setting of a manifest: a plain value that is no object, or {"value"|"value_from","secret",
// "link"}. value_from is {"env": NAME}, which is a secret, or {"file": PATH}, which is one unless
// `secret` is false. A variable that is not set, or empty, is Declared::unset. Nothing when it is
// wrong, which is told.
std::optional<Declared> read_setting(const json::Value& given, const Place& place,
                                     const SourceFile& source, Problems& problems);

// The file, at most so many bytes.
client::Result<std::string> read_named(const std::string& path, std::size_t most);

}  // namespace evenkeel::cli
