#include <gtest/gtest.h>

#include "tests/component/link/bench.hpp"
#include "tests/component/link/proxy.hpp"

// Peers that say nothing, or stop saying anything.
namespace evenkeel::link::bench {
namespace {

using Clock = std::chrono::steady_clock;

class Silence : public testing::Test {
  protected:
    Silence() { server.known[certificates.host("one")] = "one"; }
    bool wait(const std::function<bool()>& done) { return loop.run_until(done, kPatience); }

    run::Loop loop;
    Certificates certificates;
    Server server{loop, certificates};
};

TEST_F(Silence, AHalfOpenLinkIsNoticedByBothAndDialledAgain) {
    server.options.idle_timeout = 5s;
    server.start();
    Proxy proxy(server->port());
    Agent agent(loop, certificates, proxy.port());
    agent.options.idle_timeout = 5s;
    agent.start();
    // On a slow machine it may have been lost and dialled again before.
    ASSERT_TRUE(wait([&] {
        return agent.ups > static_cast<int>(agent.downs.size()) &&
               server.connected.size() > server.disconnected.size();
    }));
    const int before = agent.ups;
    agent.downs.clear();
    server.disconnected.clear();
    proxy.freeze();
    ASSERT_TRUE(wait([&] { return !agent.downs.empty() && !server.disconnected.empty(); }));
    EXPECT_EQ(agent.downs[0].code, Errc::timeout);
    proxy.thaw();
    EXPECT_TRUE(wait([&] { return agent.ups > before; }));
}

TEST_F(Silence, HeartbeatsKeepAnIdleLinkUp) {
    server.options.idle_timeout = 15s;
    server.start();
    Agent agent(loop, certificates, server->port());
    agent.options.idle_timeout = 15s;
    agent.start();
    ASSERT_TRUE(wait([&] { return agent.ups == 1; }));
    loop.run_until([&] { return !agent.downs.empty() || !server.disconnected.empty(); }, 20s);
    EXPECT_TRUE(agent.downs.empty());
    EXPECT_TRUE(server.disconnected.empty());
}

TEST_F(Silence, AConnectionThatSaysNothingIsCutInTime) {
    server.options.handshake_timeout = 300ms;
    server.start();
    RawSocket silent(server->port());
    EXPECT_TRUE(silent.closed_within(kPatience));
}

TEST_F(Silence, AConnectionThatOnlyTricklesIsCutInTime) {
    server.options.handshake_timeout = 500ms;
    server.start();
    RawSocket slow(server->port());
    const auto started = Clock::now();
    bool closed = false;
    // A TLS record that announces 512 bytes and never gets there.
    slow.send("\x16\x03\x01\x02");
    while (!closed && Clock::now() - started < kPatience) {
        slow.send("x");
        closed = slow.closed_within(50ms);
    }
    EXPECT_TRUE(closed);
}

TEST_F(Silence, AServerThatSaysNothingIsGivenUpInTime) {
    server.start();
    Proxy proxy(server->port());
    proxy.freeze();
    Agent agent(loop, certificates, proxy.port());
    agent.options.connect_timeout = 400ms;
    agent.start();
    ASSERT_TRUE(wait([&] { return !agent.failures.empty(); }));
    EXPECT_EQ(agent.failures[0].code, Errc::timeout);
}

}  // namespace
}  // namespace evenkeel::link::bench
