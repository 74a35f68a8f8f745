#include "core/agent/local/client.hpp"

#include <cerrno>
#include <cstring>
#include <utility>

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/agent/requests/local_protocol.hpp"
#include "core/base/file.hpp"
#include "core/base/time.hpp"

namespace evenkeel::agent {

Result<Client> Client::connect(const std::string& path) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) {
        return fail(Errc::invalid, "the path of the socket is too long: " + path);
    }
    std::memcpy(address.sun_path, path.data(), path.size());
    Fd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!fd) return fail(system_error(errno, "make a socket"));
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        if (errno == ECONNREFUSED) return fail(Errc::unavailable, "no process listens at " + path);
        return fail(system_error(errno, "connect to " + path));
    }
    return Client(std::move(fd));
}

Result<wire::Reply> Client::ask(const wire::Request& request) {
    EK_CHECK(write_all(fd_.get(), wire::encode(request) + "\n"));
    const std::string line = EK_TRY(read_line(request.timeout + std::chrono::seconds(10)));
    return decode_local_reply(line);
}

Result<std::string> Client::read_line(std::optional<std::chrono::milliseconds> limit) {
    const std::uint64_t begin_ns = now_monotonic_ns();
    for (;;) {
        if (const auto end = buffer_.find('\n'); end != std::string::npos) {
            std::string line = buffer_.substr(0, end);
            buffer_.erase(0, end + 1);
            return line;
        }
        int wait_ms = -1;
        if (limit) {
            const auto spent_ms =
                static_cast<std::int64_t>((now_monotonic_ns() - begin_ns) / 1'000'000);
            if (spent_ms >= limit->count()) return fail(Errc::timeout, "the agent did not answer");
            wait_ms = static_cast<int>(std::min<std::int64_t>(limit->count() - spent_ms, 60'000));
        }
        pollfd waiting{fd_.get(), POLLIN, 0};
        const int ready = poll(&waiting, 1, wait_ms);
        if (ready < 0 && errno != EINTR) return fail(system_error(errno, "wait for the agent"));
        if (ready <= 0) continue;
        char bytes[65536];
        const ssize_t count = read(fd_.get(), bytes, sizeof bytes);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return fail(Errc::unavailable, "the agent closed the connection");
        buffer_.append(bytes, static_cast<std::size_t>(count));
    }
}

}  // namespace evenkeel::agent
