#include <atomic>
#include <stdexcept>
#include <thread>

#include <gtest/gtest.h>

#include "tests/component/link/bench.hpp"
#include "tests/support/wait.hpp"

// Ends at awkward moments. Meant to be run under the sanitizers too.
namespace evenkeel::link::bench {
namespace {

class Lifetime : public testing::Test {
  protected:
    Lifetime() {
        server.known[certificates.host("one")] = "one";
        server.start();
        agent = std::make_unique<Agent>(loop, certificates, server->port());
    }
    bool wait(const std::function<bool()>& done) { return loop.run_until(done, kPatience); }
    void up() {
        agent->start();
        ASSERT_TRUE(wait([&] { return agent->ups == 1 && server.attached.size() == 2; }));
    }

    run::Loop loop;
    Certificates certificates;
    Server server{loop, certificates};
    std::unique_ptr<Agent> agent;
};

TEST_F(Lifetime, NothingIsDeliveredAfterTheEndThoughTheLoopHoldsIt) {
    up();
    for (std::uint64_t n = 0; n < 30; ++n) ASSERT_TRUE((*agent)->send("events", n, {"x", "", ""}));
    // The messages lie in the loop's queue, or come while the listener ends.
    ASSERT_TRUE(loop.run_until([&] { return !server.messages.empty(); }, kPatience));
    const auto messages = server.messages.size();
    const auto answers = agent->answers.size();
    server.listener.reset();
    agent->dialer.reset();
    loop.run_ready();
    EXPECT_EQ(server.messages.size(), messages);
    EXPECT_EQ(agent->answers.size(), answers);
    EXPECT_TRUE(agent->downs.empty());
}

TEST_F(Lifetime, ADeliveryOutlivesItsConnectionItsListenerAndItsLoopsTurn) {
    std::vector<Delivery> held;
    server.on_message = [&](const std::string&, const Message&, const Delivery& delivery) {
        held.push_back(delivery);
    };
    up();
    for (std::uint64_t n = 0; n < 3; ++n) ASSERT_TRUE((*agent)->send("events", n, {"x", "", ""}));
    ASSERT_TRUE(wait([&] { return held.size() == 3; }));
    agent->dialer.reset();
    held[0].settle(Disposition::accept);
    server.listener.reset();
    held[1].settle(Disposition::accept);
    held.clear();
    Delivery().settle(Disposition::accept);
}

TEST_F(Lifetime, EndingWhileDiallingIsQuick) {
    const auto port = server->port();
    server->stop();
    Agent nobody(loop, certificates, port);
    nobody.options.backoff_base = nobody.options.backoff_cap = 1h;
    nobody.start();
    ASSERT_TRUE(wait([&] { return nobody.failures.size() == 1; }));
    const auto before = std::chrono::steady_clock::now();
    nobody.dialer.reset();  // in its back-off
    for (int n = 0; n < 10; ++n) {
        Agent hasty(loop, certificates, port);
        hasty.start();  // at some point of its attempt
    }
    // Far from the hour of the back-off, however busy the machine is.
    EXPECT_LT(std::chrono::steady_clock::now() - before, 60s);
}

// One who is accepted while the container stops was not ended with the others, and waited for.
TEST_F(Lifetime, AListenerEndsWhileStrangersCome) {
    server->stop();
    for (int round = 0; round < 10; ++round) {
        Server besieged(loop, certificates);
        besieged.options.handshake_timeout = 1h;
        besieged.start();
        std::atomic<bool> over{false};
        std::atomic<int> connected{0};
        const auto come = [&over, &connected, port = besieged->port()] {
            std::vector<std::unique_ptr<RawSocket>> strangers;
            try {
                while (!over && strangers.size() < 200) {
                    strangers.push_back(std::make_unique<RawSocket>(port));
                    ++connected;
                }
            } catch (const std::runtime_error&) {
                // The port is closed.
            }
            while (!over) std::this_thread::yield();
        };
        std::vector<std::thread> threads;
        for (int n = 0; n < 3; ++n) threads.emplace_back(come);
        // At another point of the siege each time.
        EXPECT_TRUE(test::wait_until([&] { return connected >= 20 * round; }));
        besieged->stop();
        over = true;
        for (std::thread& each : threads) each.join();
    }
}

TEST_F(Lifetime, StoppedAndStartedAgainItWorks) {
    up();
    EXPECT_EQ((*agent)->start().error().code, Errc::conflict);
    EXPECT_EQ(server->start().error().code, Errc::conflict);
    (*agent)->stop();
    (*agent)->stop();
    server->stop();
    ASSERT_TRUE(server->start());
    agent->options.port = server->port();
    agent->start();
    EXPECT_TRUE(wait([&] { return agent->ups == 2; }));
}

TEST_F(Lifetime, APortThatIsTakenIsSaid) {
    Server second(loop, certificates);
    second.options.port = server->port();
    Listener listener(second.options, {}, {}, loop.poster());
    EXPECT_EQ(listener.start().error().code, Errc::unavailable);
}

TEST_F(Lifetime, ManyThreadsMaySendWhileTheLinkComesAndGoes) {
    up();
    std::atomic<bool> done{false};
    std::atomic<std::uint64_t> taken{0};
    std::vector<std::thread> senders;
    for (int n = 0; n < 3; ++n) {
        senders.emplace_back([&] {
            while (!done) {
                if ((*agent)->send("events", 1, {"x", "", ""})) ++taken;
                std::this_thread::yield();
            }
        });
    }
    for (int round = 1; round <= 3; ++round) {
        ASSERT_TRUE(wait([&] {
            return agent->ups == round &&
                   server.connected.size() == static_cast<std::size_t>(round);
        }));
        const auto more = server.messages.size() + 20;
        ASSERT_TRUE(wait([&] { return server.messages.size() >= more; }));
        server->close(server.connected.back().connection, "amqp:connection:forced", "once more");
        ASSERT_TRUE(wait([&] { return agent->downs.size() == static_cast<std::size_t>(round); }));
    }
    done = true;
    for (auto& sender : senders) sender.join();
    ASSERT_TRUE(wait([&] { return agent->answers.size() == taken; })) << "exactly one answer each";
}

}  // namespace
}  // namespace evenkeel::link::bench
