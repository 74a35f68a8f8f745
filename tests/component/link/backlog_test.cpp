#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include "tests/component/link/bench.hpp"

namespace evenkeel::link::bench {
namespace {

// The backlog of the socket that listens on `port`; the kernel tells it as "sacked".
unsigned backlog_of(std::uint16_t port) {
    for (int fd = 3; fd < 1024; ++fd) {
        sockaddr_in address{};
        socklen_t size = sizeof address;
        auto* generic = reinterpret_cast<sockaddr*>(&address);
        if (getsockname(fd, generic, &size) != 0 || ntohs(address.sin_port) != port) continue;
        tcp_info info{};
        size = sizeof info;
        if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) continue;
        if (info.tcpi_state == TCP_LISTEN) return info.tcpi_sacked;
    }
    return 0;
}

TEST(Backlog, ThousandsMayComeBackAtOnce) {
    run::Loop loop;
    Certificates certificates;
    Server server(loop, certificates);
    server.options.backlog = 2000;  // below the kernel's own bound
    server.start();
    EXPECT_EQ(backlog_of(server->port()), 2000U) << "Proton's own is 16";
}

TEST(Backlog, ABurstOfConnectionsIsTakenWithoutLosingAny) {
    run::Loop loop;
    Certificates certificates;
    Server server(loop, certificates);
    server.start();
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(server->port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const auto started = std::chrono::steady_clock::now();
    std::vector<Fd> burst;
    for (int n = 0; n < 300; ++n) {
        Fd fd(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        ASSERT_TRUE(connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 ||
                    errno == EINPROGRESS);
        burst.push_back(std::move(fd));
    }
    for (const auto& fd : burst) {
        pollfd waiting{fd.get(), POLLOUT, 0};
        ASSERT_EQ(poll(&waiting, 1, 5000), 1);
    }
    // One that is dropped comes back after a second at the earliest.
    EXPECT_LT(std::chrono::steady_clock::now() - started, 1s);
}

}  // namespace
}  // namespace evenkeel::link::bench
