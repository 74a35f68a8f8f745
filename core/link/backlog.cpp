#include "core/link/backlog.hpp"

#include <filesystem>
#include <system_error>

#include <netinet/in.h>
#include <sys/socket.h>

#include "core/base/text.hpp"

namespace evenkeel::link {
namespace {

bool listens_on(int fd, std::uint16_t port) {
    int accepting = 0;
    socklen_t size = sizeof accepting;
    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &accepting, &size) != 0 || accepting == 0) {
        return false;
    }
    sockaddr_storage storage{};
    auto* address = reinterpret_cast<sockaddr*>(&storage);
    size = sizeof storage;
    if (getsockname(fd, address, &size) != 0) return false;
    if (storage.ss_family == AF_INET) {
        return ntohs(reinterpret_cast<sockaddr_in*>(address)->sin_port) == port;
    }
    return storage.ss_family == AF_INET6 &&
           ntohs(reinterpret_cast<sockaddr_in6*>(address)->sin6_port) == port;
}

}  // namespace

std::vector<int> listening_sockets(std::uint16_t port) {
    std::vector<int> found;
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd", ignored)) {
        const auto number = parse_number(entry.path().filename().string());
        if (number && listens_on(static_cast<int>(*number), port)) {
            found.push_back(static_cast<int>(*number));
        }
    }
    return found;
}

int raise_backlog(std::uint16_t port, int backlog) {
    int raised = 0;
    for (const int fd : listening_sockets(port)) {
        if (::listen(fd, backlog) == 0) ++raised;
    }
    return raised;
}

}  // namespace evenkeel::link
