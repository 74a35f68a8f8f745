#include "core/link/backlog.hpp"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "core/base/fd.hpp"

namespace evenkeel::link {
namespace {

TEST(Backlog, IsRaisedOnTheSocketsOfThatPortOnly) {
    Fd sockets[2];
    std::uint16_t ports[2];
    for (int n = 0; n < 2; ++n) {
        sockets[n] = Fd(socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_in6 address{};
        address.sin6_family = AF_INET6;
        address.sin6_addr = in6addr_loopback;
        socklen_t size = sizeof address;
        auto* generic = reinterpret_cast<sockaddr*>(&address);
        ASSERT_EQ(bind(sockets[n].get(), generic, size), 0);
        ASSERT_EQ(listen(sockets[n].get(), 16), 0);
        ASSERT_EQ(getsockname(sockets[n].get(), generic, &size), 0);
        ports[n] = ntohs(address.sin6_port);
    }
    EXPECT_EQ(raise_backlog(ports[0], 500), 1);
    const unsigned expected[2] = {500, 16};
    for (int n = 0; n < 2; ++n) {
        tcp_info info{};
        socklen_t size = sizeof info;
        ASSERT_EQ(getsockopt(sockets[n].get(), IPPROTO_TCP, TCP_INFO, &info, &size), 0);
        EXPECT_EQ(info.tcpi_sacked, expected[n]);
    }
}

}  // namespace
}  // namespace evenkeel::link
