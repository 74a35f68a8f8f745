#include "sdk/client/cpp/cancel.hpp"

#include <cerrno>
#include <cstdint>
#include <system_error>

#include <sys/eventfd.h>
#include <unistd.h>

namespace evenkeel::client {

Cancel::Cancel() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (fd_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
}

Cancel::~Cancel() {
    ::close(fd_);
}

void Cancel::cancel() noexcept {
    const int saved_errno = errno;  // a signal handler must leave it as it was
    cancelled_ = true;
    const std::uint64_t one = 1;
    // A full counter is readable already, so a failure here changes nothing.
    [[maybe_unused]] const ssize_t put = ::write(fd_, &one, sizeof one);
    errno = saved_errno;
}

}  // namespace evenkeel::client
