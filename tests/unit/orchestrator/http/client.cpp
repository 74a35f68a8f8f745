#include "tests/unit/orchestrator/http/client.hpp"

#include <array>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include "core/base/time.hpp"
#include "orchestrator/http/header_values.hpp"
#include "tests/support/wait.hpp"

namespace evenkeel::http {

namespace {

constexpr int kPatienceMs =
    std::chrono::milliseconds(test::kPatience) / std::chrono::milliseconds(1);

sockaddr_in address(const char* ip, std::uint16_t port) {
    sockaddr_in out{};
    out.sin_family = AF_INET;
    out.sin_port = htons(port);
    inet_pton(AF_INET, ip, &out.sin_addr);
    return out;
}

}  // namespace

std::string Seen::header(std::string_view name) const {
    for (std::size_t at = 0; at < head.size();) {
        const std::size_t end = std::min(head.find("\r\n", at), head.size());
        const std::string_view line = std::string_view(head).substr(at, end - at);
        const std::size_t colon = line.find(':');
        if (colon != std::string_view::npos && to_lower(line.substr(0, colon)) == to_lower(name)) {
            return std::string(trim(line.substr(colon + 1)));
        }
        at = end + 2;
    }
    return "";
}

json::Value Seen::json() const {
    return json::parse(body).value_or(json::Value());
}

std::string Seen::code() const {
    return header("Content-Type") == "application/problem+json" ? json().string_or("code") : "";
}

Client::Client(std::uint16_t port, const char* from, int receive_bytes) {
    fd_ = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (receive_bytes > 0) {
        ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof receive_bytes);
    }
    const sockaddr_in source = address(from, 0);
    const sockaddr_in target = address("127.0.0.1", port);
    const auto* source_bytes = reinterpret_cast<const sockaddr*>(&source);
    const auto* target_bytes = reinterpret_cast<const sockaddr*>(&target);
    connected_ = ::bind(fd_.get(), source_bytes, sizeof source) == 0 &&
                 ::connect(fd_.get(), target_bytes, sizeof target) == 0;
}

bool Client::send(std::string_view bytes) {
    while (!bytes.empty()) {
        pollfd wait{fd_.get(), POLLOUT, 0};
        if (::poll(&wait, 1, kPatienceMs) <= 0) return false;
        const ssize_t sent =
            ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        // The server may have had enough already: what it said can still be read.
        if (sent <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

bool Client::read_more() {
    pollfd wait{fd_.get(), POLLIN, 0};
    if (::poll(&wait, 1, kPatienceMs) <= 0) return false;
    std::array<char, 64 * 1024> buffer;
    const ssize_t got = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
    if (got <= 0) return false;
    in_.append(buffer.data(), static_cast<std::size_t>(got));
    return true;
}

Seen Client::receive(bool bodiless) {
    Seen seen;
    seen.head = read_until("\r\n\r\n");
    if (seen.head.size() < 12) return {};
    seen.status = std::stoi(seen.head.substr(9, 3));
    const std::string length = seen.header("Content-Length");
    if (bodiless || length.empty()) return seen;
    const std::size_t bytes = std::stoul(length);
    while (in_.size() < bytes) {
        if (!read_more()) return {};
    }
    seen.body = in_.substr(0, bytes);
    in_.erase(0, bytes);
    return seen;
}

std::string Client::read_until(std::string_view text) {
    for (std::size_t from = 0;;) {
        const std::size_t at = in_.find(text, from);
        if (at != std::string::npos) {
            std::string out = in_.substr(0, at + text.size());
            in_.erase(0, out.size());
            return out;
        }
        from = in_.size() < text.size() ? 0 : in_.size() - text.size();
        if (!read_more()) return "";
    }
}

bool Client::ends() {
    const std::uint64_t begun = now_monotonic_ns();
    while (read_more()) in_.clear();
    return (now_monotonic_ns() - begun) / 1'000'000 < kPatienceMs;
}

void Client::finish_sending() {
    ::shutdown(fd_.get(), SHUT_WR);
}

std::string get(std::string_view path, std::string_view more) {
    std::string text = "GET ";
    text.append(path).append(" HTTP/1.1\r\nHost: test\r\n").append(more).append("\r\n");
    return text;
}

std::string with_body(std::string_view method, std::string_view path, std::string_view body,
                      std::string_view type) {
    std::string text(method);
    text.append(" ").append(path).append(" HTTP/1.1\r\nHost: test\r\nContent-Type: ").append(type);
    text.append("\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n").append(body);
    return text;
}

}  // namespace evenkeel::http
