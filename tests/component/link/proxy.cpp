#include "tests/component/link/proxy.hpp"

#include <stdexcept>

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include "core/base/file.hpp"

namespace evenkeel::link::bench {
namespace {

constexpr int kTurnMs = 10;

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

// False when one side has closed.
bool copy(int from, int to) {
    char buffer[65536];
    const auto got = recv(from, buffer, sizeof buffer, 0);
    return got > 0 && write_all(to, {buffer, static_cast<std::size_t>(got)});
}

}  // namespace

Proxy::Proxy(std::uint16_t target)
    : target_(target), listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    auto address = loopback(0);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (bind(listener_.get(), generic, size) != 0 || listen(listener_.get(), 16) != 0 ||
        getsockname(listener_.get(), generic, &size) != 0) {
        throw std::runtime_error("cannot listen");
    }
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { run(); });
}

Proxy::~Proxy() {
    stopping_ = true;
    thread_.join();
}

void Proxy::run() {
    while (!stopping_) {
        pollfd waiting{listener_.get(), POLLIN, 0};
        if (frozen_ || poll(&waiting, 1, kTurnMs) <= 0) {
            poll(nullptr, 0, kTurnMs);
            continue;
        }
        const Fd client(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
        const Fd server(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        const auto address = loopback(target_);
        const auto* generic = reinterpret_cast<const sockaddr*>(&address);
        if (connect(server.get(), generic, sizeof address) == 0) {
            relay(client.get(), server.get());
        }
    }
}

void Proxy::relay(int client, int server) {
    while (!stopping_) {
        pollfd both[2] = {{client, POLLIN, 0}, {server, POLLIN, 0}};
        if (frozen_) {
            poll(nullptr, 0, kTurnMs);
            continue;
        }
        if (poll(both, 2, kTurnMs) <= 0) continue;
        if (both[0].revents != 0 && !copy(client, server)) return;
        if (both[1].revents != 0 && !copy(server, client)) return;
    }
}

}  // namespace evenkeel::link::bench
