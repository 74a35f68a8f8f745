#include "sdk/client/cli/input.hpp"

#include <array>
#include <cerrno>

#include <unistd.h>

#include "core/base/file.hpp"

namespace evenkeel::cli {
namespace {

Result<std::string> read_stdin() {
    std::string content;
    std::array<char, 16384> buffer{};
    for (;;) {
        const ssize_t got = ::read(STDIN_FILENO, buffer.data(), buffer.size());
        if (got < 0) return fail(system_error(errno, "read standard input"));
        if (got == 0) return content;
        content.append(buffer.data(), static_cast<std::size_t>(got));
        if (content.size() > kInputBytesMost) {
            return fail(Errc::limit, "standard input has more than 64 MiB");
        }
    }
}

}  // namespace

client::Result<std::string> read_input(const std::string& path) {
    auto content = path == "-" ? read_stdin() : read_file(path, kInputBytesMost);
    if (!content)
        return client::Failure{.kind = client::Kind::local, .detail = content.error().what};
    return *std::move(content);
}

}  // namespace evenkeel::cli
