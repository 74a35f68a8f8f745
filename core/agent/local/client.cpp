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
namespace {

// To a request for a stream; an older agent has answered whole.
wire::Reply with_items(wire::Reply reply, json::Array items) {
    if (reply.error || !reply.result.is_object() || reply.result.find("resources")) return reply;
    json::Object whole{{"resources", std::move(items)}};
    for (json::Member& member : reply.result.as_object())
        whole.append(std::move(member.first), std::move(member.second));
    reply.result = std::move(whole);
    return reply;
}

}  // namespace

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
    const auto patience = request.timeout + std::chrono::seconds(10);
    json::Array items;
    for (;;) {
        const std::string text = EK_TRY(read_line(patience));
        LocalLine line = EK_TRY(decode_local_line(text));
        if (line.reply && !request.arguments.bool_or("stream")) return *std::move(line.reply);
        if (line.reply) return with_items(*std::move(line.reply), std::move(items));
        items.push_back(std::move(line.item));
    }
}

std::optional<std::string> Client::take_line() {
    const auto end = buffer_.find('\n', searched_);
    if (end == std::string::npos) {
        buffer_.erase(0, begin_);
        begin_ = 0;
        searched_ = buffer_.size();
        return std::nullopt;
    }
    std::string line = buffer_.substr(begin_, end - begin_);
    begin_ = searched_ = end + 1;
    return line;
}

Result<std::string> Client::read_line(std::optional<std::chrono::milliseconds> limit) {
    const std::uint64_t begin_ns = now_monotonic_ns();
    for (;;) {
        if (auto line = take_line()) return *std::move(line);
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
