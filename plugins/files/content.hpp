#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <evenkeel/cpp/call.hpp>

namespace evenkeel::files {

// What is reported of a file's content. The content itself never leaves the plugin.
struct Content {
    std::optional<std::string> sha256;  // 64 lower-case hex digits; nothing while not known
    std::uint64_t size = 0;
    // All of it, if it was requested and is small enough to be shown as a diff.
    std::optional<std::string> bytes;

    // {"sha256","size"}, the former null while not known, and "diff" if there is one.
    std::string json(std::string_view diff = {}) const;
};

// Larger contents are not compared line by line.
inline constexpr std::size_t kDiffInputMax = 512 * 1024;

Content content_of(std::string_view bytes);

// A larger file is not read by a call: its SHA-256 is computed beside (hashes.hpp). No description
// has as much, so that the size alone tells that its content is another one.
inline constexpr std::size_t kReadAtOnceMax = 1024 * 1024;

// Reads an open file from its beginning to its end, or until it is longer than kReadAtOnceMax: then
// without a SHA-256. Keeps the bytes if `keep` and there are at most kDiffInputMax. Throws what
// Call::check throws, and for I/O errors.
Content read_content(int fd, const std::string& path, bool keep, const sdk::Call& call);

}  // namespace evenkeel::files
