#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <sys/types.h>

#include "core/base/fd.hpp"
#include "core/base/result.hpp"

// Small files of our own (configuration, keys, tokens) at an operator's paths. Calls block. [any]
namespace evenkeel {

// The whole content; `limit` when it has more than `most` bytes. Errors name the path.
Result<std::string> read_file(const std::string& path, std::size_t most = 1 << 20);

// Puts `content` at `path` whole or not at all: a temporary file beside it with `mode`, synced,
// renamed over it, the folder synced.
Result<void> write_file(const std::string& path, std::string_view content, mode_t mode);

// Makes `path` and its parents; the last one gets `mode`, and keeps its mode if it was there.
Result<void> make_folder(const std::string& path, mode_t mode);

// What was written to the file or folder at `path` is on disk when this returns.
Result<void> sync_path(const std::string& path);

// The folder that `path` lies in; "." for a bare name.
std::string parent_of(const std::string& path);

// An exclusive lock on the file at `path` (made with mode 0600) that lives as long as the Fd and
// dies with the process. `busy` when another process holds it; the error names
// that process where the kernel tells.
Result<Fd> lock_file(const std::string& path);

// Writes everything to `fd`, through interruptions.
Result<void> write_all(int fd, std::string_view content);

}  // namespace evenkeel
