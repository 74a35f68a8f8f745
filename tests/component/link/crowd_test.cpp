#include <atomic>
#include <thread>
#include <utility>

#include <gtest/gtest.h>
#include <poll.h>

#include "tests/component/link/bench.hpp"

// Many connections: those whom a listener is for get in, whatever the others do.
namespace evenkeel::link::bench {
namespace {

using Clock = std::chrono::steady_clock;

// Keeps as many silent connections open from one address: what is cut is connected anew.
class Strangers {
  public:
    Strangers(std::uint16_t port, std::string source, std::size_t count)
        : port_(port), source_(std::move(source)), count_(count), thread_([this] { run(); }) {}
    ~Strangers() {
        stopping_ = true;
        thread_.join();
    }
    Strangers(const Strangers&) = delete;
    Strangers& operator=(const Strangers&) = delete;

    // Waits until so many connections were made.
    void wait_for(std::size_t connections) const {
        for (std::size_t now = connected_; now < connections; now = connected_) {
            connected_.wait(now);
        }
    }

  private:
    void run() {
        std::vector<std::unique_ptr<RawSocket>> held;
        while (!stopping_) {
            while (held.size() < count_) {
                held.push_back(std::make_unique<RawSocket>(port_, source_));
                ++connected_;
                connected_.notify_all();
            }
            std::vector<pollfd> waiting;
            for (const auto& one : held) waiting.push_back({one->fd(), POLLIN, 0});
            poll(waiting.data(), waiting.size(), 20);
            // The listener says nothing to those who say nothing: it has hung up.
            std::size_t at = 0;
            std::erase_if(held, [&](const auto&) { return waiting[at++].revents != 0; });
        }
    }

    const std::uint16_t port_;
    const std::string source_;
    const std::size_t count_;
    std::atomic<std::size_t> connected_{0};
    std::atomic<bool> stopping_{false};
    std::thread thread_;
};

class Crowd : public testing::Test {
  protected:
    bool wait(const std::function<bool()>& done) { return loop.run_until(done, kPatience); }
    std::unique_ptr<Agent> agent(const std::string& name) {
        if (!server.options.client_ca_file.empty()) server.known[certificates.host(name)] = name;
        return std::make_unique<Agent>(loop, certificates, 0, name);
    }
    void dial(Agent& agent) {
        agent.options.port = server->port();
        agent.start();
    }
    // A machine without a certificate; it attaches its links and then does what the test says.
    std::unique_ptr<Agent> guest() {
        auto made = std::make_unique<Agent>(loop, certificates, server->port(), "guest");
        made->options.certificate_file.clear();
        made->options.key_file.clear();
        return made;
    }
    void expect_that_the_fourth_takes_the_place_of_the_oldest() {
        std::vector<std::unique_ptr<RawSocket>> open;
        for (int n = 0; n < 4; ++n) open.push_back(std::make_unique<RawSocket>(server->port()));
        EXPECT_TRUE(open[0]->closed_within(kPatience));
        // What the next one does shows that nothing else was still to come.
        open.push_back(std::make_unique<RawSocket>(server->port()));
        EXPECT_TRUE(open[1]->closed_within(kPatience));
        for (std::size_t n = 2; n < open.size(); ++n) EXPECT_FALSE(open[n]->closed_within(0ms));
    }
    void serve_requests() {
        server.options.client_ca_file.clear();
        server.options.request_timeout = 1h;
    }

    run::Loop loop;
    Certificates certificates;
    Server server{loop, certificates};
};

TEST_F(Crowd, AgentsComeInAndTheirMessagesFlowPastTwoHundredSilentStrangers) {
    server.options.connections_max = 20;
    server.options.waiting_min = 10;
    std::vector<std::unique_ptr<Agent>> agents;
    for (int n = 0; n < 10; ++n) agents.push_back(agent("agent" + std::to_string(n)));
    server.start();
    const Strangers strangers(server->port(), "127.0.0.2", 200);
    strangers.wait_for(1'000);  // they are cut and come again
    for (const auto& one : agents) dial(*one);
    for (unsigned round = 1; round <= 20; ++round) {
        for (const auto& one : agents) {
            ASSERT_TRUE(wait([&] { return one->ups == 1; }));
            ASSERT_TRUE((*one)->send("events", 1, {"to the server", "", ""}));
        }
        for (const Peer& peer : server.connected) {
            ASSERT_TRUE(wait([&] {
                return bool(
                    server->send(peer.connection, "agent." + peer.host, 1, {"command", "", ""}));
            }));
        }
        ASSERT_TRUE(wait([&] {
            return server.settled(Disposition::accept) == 10 * round &&
                   server.messages.size() == 10 * round;
        }));
    }
    for (const auto& one : agents) {
        EXPECT_TRUE(one->failures.empty());
        EXPECT_TRUE(one->downs.empty());
        EXPECT_EQ(one->messages.size(), 20U);
    }
}

TEST_F(Crowd, TheOldestThatIsNotAdmittedMakesRoom) {
    server.options.connections_max = 3;
    server.options.waiting_min = 1;
    server.options.handshake_timeout = 1h;
    server.start();
    expect_that_the_fourth_takes_the_place_of_the_oldest();
}

TEST_F(Crowd, OneMoreThanMayBeAdmittedIsToldSoAndComesInWhenThereIsRoom) {
    server.options.connections_max = 2;
    server.options.waiting_min = 1;
    std::vector<std::unique_ptr<Agent>> agents;
    for (const char* name : {"one", "two", "three"}) agents.push_back(agent(name));
    server.start();
    dial(*agents[0]);
    dial(*agents[1]);
    ASSERT_TRUE(wait([&] { return agents[0]->ups == 1 && agents[1]->ups == 1; }));
    dial(*agents[2]);
    ASSERT_TRUE(wait([&] { return agents[2]->failures.size() >= 2; }));
    EXPECT_EQ(agents[2]->failures[0].code, Errc::unavailable);
    EXPECT_NE(agents[2]->failures[0].what.find("2 peers are connected"), std::string::npos)
        << agents[2]->failures[0].what;
    EXPECT_TRUE(agents[0]->downs.empty() && agents[1]->downs.empty());
    EXPECT_EQ(server.connected.size(), 2U);
    (*agents[0])->stop();
    ASSERT_TRUE(wait([&] { return agents[2]->ups == 1; }));
    EXPECT_TRUE(agents[1]->downs.empty());
}

TEST_F(Crowd, ASourceWithAllItsConnectionsLosesItsOldestOne) {
    server.options.connections_per_source_max = 3;
    server.options.handshake_timeout = 1h;
    server.start();
    RawSocket elsewhere(server->port(), "127.0.0.2");
    expect_that_the_fourth_takes_the_place_of_the_oldest();
    EXPECT_FALSE(elsewhere.closed_within(100ms));
}

TEST_F(Crowd, AGuestThatAsksForNothingIsCutAndOneWhoseRequestIsInProgressIsNot) {
    serve_requests();
    server.options.request_timeout = 300ms;
    std::vector<Delivery> in_progress;
    server.on_message = [&](const std::string&, const Message&, const Delivery& delivery) {
        in_progress.push_back(delivery);
    };
    server.start();
    const auto asking = guest();
    asking->start();
    // On a slow machine it may be cut before its request arrives; then it asks once more.
    int asked = 0;
    ASSERT_TRUE(wait([&] {
        if (std::exchange(asked, asking->ups) < asking->ups) {
            (void)(*asking)->send("events", 1, {"a request", "", ""});
        }
        return in_progress.size() == 1;
    }));
    const std::uint64_t connection = server.connected.back().connection;
    const auto downs = asking->downs.size();
    const auto silent = guest();
    silent->start();
    ASSERT_TRUE(wait([&] { return silent->downs.size() >= 2; })) << "after coming once more";
    EXPECT_EQ(asking->downs.size(), downs);
    // Two messages are in progress until both are dealt with.
    ASSERT_TRUE((*asking)->send("events", 2, {"another", "", ""}));
    ASSERT_TRUE(wait([&] { return in_progress.size() == 2; }));
    in_progress[0].settle(Disposition::accept);
    server->await_request(connection);
    const auto cut_before = silent->downs.size();
    ASSERT_TRUE(wait([&] { return silent->downs.size() >= cut_before + 2; }));
    EXPECT_EQ(asking->downs.size(), downs);
    in_progress[1].settle(Disposition::accept);
    server->await_request(connection);
    ASSERT_TRUE(wait([&] { return asking->downs.size() > downs; }));
}

TEST_F(Crowd, GuestsThatAskForNothingMakeRoomForThoseThatDo) {
    serve_requests();
    server.options.connections_max = 3;
    server.options.waiting_min = 2;
    server.on_message = [&](const std::string&, const Message&, const Delivery& delivery) {
        delivery.settle(Disposition::accept);
    };
    server.start();
    std::vector<std::unique_ptr<Agent>> silent;
    for (int n = 0; n < 3; ++n) {
        silent.push_back(guest());
        silent.back()->options.backoff_base = silent.back()->options.backoff_cap = 1h;
        silent.back()->start();
        ASSERT_TRUE(wait([&] { return silent.back()->ups == 1; }));
    }
    const auto asking = guest();
    asking->start();
    ASSERT_TRUE(wait([&] { return asking->ups == 1; }));
    ASSERT_TRUE(wait([&] { return silent[0]->downs.size() == 1; }));
    ASSERT_TRUE((*asking)->send("events", 1, {"a request", "", ""}));
    ASSERT_TRUE(wait([&] { return asking->answers.size() == 1; }));
    EXPECT_TRUE(silent[1]->downs.empty() && silent[2]->downs.empty());
}

TEST_F(Crowd, ARequestForWhichThereIsNoRoomEndsItsConnection) {
    serve_requests();
    server.options.connections_max = 1;
    server.options.waiting_min = 5;
    server.on_message = [](const std::string&, const Message&, const Delivery&) {};
    server.start();
    std::vector<std::unique_ptr<Agent>> guests;
    for (int n = 0; n < 2; ++n) {
        guests.push_back(guest());
        guests[n]->start();
        ASSERT_TRUE(wait([&] { return guests[n]->ups == 1; }));
        ASSERT_TRUE((*guests[n])->send("events", 1, {"a request", "", ""}));
        if (n > 0) break;
        ASSERT_TRUE(wait([&] { return server.messages.size() == 1; }));
    }
    ASSERT_TRUE(wait([&] { return !guests[1]->downs.empty(); }));
    EXPECT_NE(guests[1]->downs[0].what.find("too many requests"), std::string::npos);
    EXPECT_EQ(server.messages.size(), 1U);
    EXPECT_TRUE(guests[0]->downs.empty());
}

}  // namespace
}  // namespace evenkeel::link::bench
