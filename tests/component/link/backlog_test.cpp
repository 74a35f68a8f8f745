#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include "tests/component/link/bench.hpp"

namespace evenkeel::link::bench {
namespace {

// What the kernel tells of the socket that listens on `port`: "sacked" is the backlog, "unacked"
// how many connections wait in it.
tcp_info listening_on(std::uint16_t port) {
    for (int fd = 3; fd < 1024; ++fd) {
        sockaddr_in address{};
        socklen_t size = sizeof address;
        auto* generic = reinterpret_cast<sockaddr*>(&address);
        if (getsockname(fd, generic, &size) != 0 || ntohs(address.sin_port) != port) continue;
        tcp_info info{};
        size = sizeof info;
        if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) continue;
        if (info.tcpi_state == TCP_LISTEN) return info;
    }
    return {};
}

TEST(Backlog, ThousandsMayComeBackAtOnce) {
    run::Loop loop;
    Certificates certificates;
    Server server(loop, certificates);
    server.options.backlog = 2000;  // below the kernel's own bound
    server.start();
    EXPECT_EQ(listening_on(server->port()).tcpi_sacked, 2000U) << "Proton's own is 16";
}

class CrowdedBacklog : public testing::Test {
  protected:
    // Until so many connections wait in the kernel.
    bool wait_for_queue(std::size_t length) {
        const auto until = std::chrono::steady_clock::now() + kPatience;
        const auto done = [&] { return listening_on(server->port()).tcpi_unacked == length; };
        // Nothing tells the loop of what the kernel has queued.
        while (!loop.run_until(done, 20ms)) {
            if (std::chrono::steady_clock::now() > until) return false;
        }
        return true;
    }
    void start(std::size_t handshakes_max, std::chrono::milliseconds patience) {
        server.options.handshakes_max = handshakes_max;
        server.options.handshake_patience = patience;
        server.options.handshake_timeout = 1h;
        server.known[certificates.host("one")] = "one";
        server.start();
    }
    std::vector<std::unique_ptr<RawSocket>> silent(std::size_t count) {
        std::vector<std::unique_ptr<RawSocket>> made;
        while (made.size() < count) made.push_back(std::make_unique<RawSocket>(server->port()));
        return made;
    }

    run::Loop loop;
    Certificates certificates;
    Server server{loop, certificates};
};

TEST_F(CrowdedBacklog, ConnectionsBeyondTheHandshakesUnderWayWaitInTheKernel) {
    start(2, 1h);
    Agent agent(loop, certificates, server->port());
    agent.start();
    ASSERT_TRUE(loop.run_until([&] { return agent.ups == 1; }, kPatience));
    auto first = silent(1);
    ASSERT_TRUE(wait_for_queue(0));
    auto second = silent(1);
    ASSERT_TRUE(wait_for_queue(0));
    auto waiting = silent(40);
    ASSERT_TRUE(wait_for_queue(40));
    for (std::size_t n = 1; n <= 20; ++n) {
        ASSERT_TRUE(agent->send("events", n, {"past those who wait", "", ""}));
        ASSERT_TRUE(loop.run_until([&] { return agent.answers.size() == n; }, kPatience));
    }
    EXPECT_EQ(listening_on(server->port()).tcpi_unacked, 40U);
    first.clear();
    ASSERT_TRUE(wait_for_queue(24)) << "Proton accepts 16 at once";
    for (auto& one : waiting) one.reset();
    second.clear();
    ASSERT_TRUE(wait_for_queue(0));
    server->stop();
    EXPECT_TRUE(agent.failures.empty());
}

TEST_F(CrowdedBacklog, AListenerThatAcceptsNothingStops) {
    start(1, 1h);
    const auto first = silent(1);
    ASSERT_TRUE(wait_for_queue(0));
    const auto waiting = silent(40);
    ASSERT_TRUE(wait_for_queue(40));
    server->stop();
    for (const auto& one : waiting) EXPECT_TRUE(one->closed_within(kPatience));
}

TEST_F(CrowdedBacklog, SilentStrangersDoNotStopAnAgent) {
    start(1, 100ms);
    const auto strangers = silent(100);
    Agent agent(loop, certificates, server->port());
    agent.start();
    ASSERT_TRUE(loop.run_until([&] { return agent.ups == 1; }, kPatience));
    EXPECT_TRUE(agent.failures.empty());
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
    std::vector<Fd> burst;
    for (int n = 0; n < 300; ++n) {
        Fd fd(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        ASSERT_TRUE(connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 ||
                    errno == EINPROGRESS);
        burst.push_back(std::move(fd));
    }
    for (const auto& fd : burst) {
        pollfd waiting{fd.get(), POLLOUT, 0};
        ASSERT_EQ(poll(&waiting, 1, 60'000), 1);
        tcp_info info{};
        socklen_t size = sizeof info;
        ASSERT_EQ(getsockopt(fd.get(), IPPROTO_TCP, TCP_INFO, &info, &size), 0);
        EXPECT_EQ(info.tcpi_total_retrans, 0U) << "it was dropped, and came back";
    }
}

}  // namespace
}  // namespace evenkeel::link::bench
