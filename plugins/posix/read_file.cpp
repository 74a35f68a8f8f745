#include "plugins/posix/read_file.hpp"

#include <cerrno>

#include <evenkeel/cpp/fd.hpp>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugins/posix/failure.hpp"

namespace evenkeel::posix {

namespace {

bool is_regular(int fd, const std::string& path) {
    struct stat info {};
    if (::fstat(fd, &info) != 0) throw os_failure(errno, "look at " + path);
    return S_ISREG(info.st_mode);
}

}  // namespace

std::optional<std::string> read_file(const std::string& path, std::size_t bytes_max) {
    constexpr std::size_t kStepBytes = 65536;
    const sdk::Fd fd(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (!fd && (errno == ENOENT || errno == ENXIO)) return std::nullopt;
    if (!fd) throw os_failure(errno, "open " + path);
    if (!is_regular(fd.get(), path)) return std::nullopt;
    std::string text;
    for (std::size_t done = 0;;) {
        text.resize(done + kStepBytes);
        const ssize_t length = ::read(fd.get(), text.data() + done, kStepBytes);
        if (length < 0 && errno == EINTR) continue;
        if (length < 0) throw os_failure(errno, "read " + path);
        done += static_cast<std::size_t>(length);
        text.resize(done);
        if (length == 0) return text;
        if (done > bytes_max)
            throw sdk::Failure(EK_E_UNAVAILABLE,
                               path + " is larger than " + std::to_string(bytes_max) + " bytes");
    }
}

}  // namespace evenkeel::posix
