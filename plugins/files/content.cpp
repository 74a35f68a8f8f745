#include "plugins/files/content.hpp"

#include <array>
#include <cerrno>

#include <evenkeel/cpp/write.hpp>
#include <unistd.h>

#include "plugins/files/sha256.hpp"
#include "plugins/posix/failure.hpp"

namespace evenkeel::files {

std::string Content::json(std::string_view diff) const {
    sdk::Object object;
    object.raw("sha256", sha256 ? sdk::quote(*sha256) : "null");
    object.number("size", static_cast<std::int64_t>(size));
    if (!diff.empty()) object.text("diff", diff);
    return object.json();
}

Content content_of(std::string_view bytes) {
    Sha256 sum;
    sum.add(bytes);
    return {sum.hex(), bytes.size(), std::string(bytes)};
}

Content read_content(int fd, const std::string& path, bool keep, const sdk::Call& call) {
    Sha256 sum;
    Content content;
    std::string kept;
    std::array<char, 32 * 1024> buffer;  // on the stack and not zeroed: most files are small
    for (;;) {
        call.check();
        const ssize_t length =
            ::pread(fd, buffer.data(), buffer.size(), static_cast<off_t>(content.size));
        if (length < 0 && errno == EINTR) continue;
        if (length < 0) throw posix::os_failure(errno, "read " + path);
        if (length == 0) break;
        const std::string_view piece(buffer.data(), static_cast<std::size_t>(length));
        sum.add(piece);
        content.size += piece.size();
        // Somebody makes it longer while it is read.
        if (content.size > kReadAtOnceMax) return content;
        keep = keep && content.size <= kDiffInputMax;
        if (keep) kept += piece;
    }
    content.sha256 = sum.hex();
    if (keep) content.bytes = std::move(kept);
    return content;
}

}  // namespace evenkeel::files
