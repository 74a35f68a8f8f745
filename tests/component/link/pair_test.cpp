#include <algorithm>

#include <gtest/gtest.h>

#include "tests/component/link/bench.hpp"

namespace evenkeel::link::bench {
namespace {

class Pair : public testing::Test {
  protected:
    Pair() {
        server.known[certificates.host("one")] = "one";
        server.start();
        agent = std::make_unique<Agent>(loop, certificates, server->port());
    }
    void up() {
        agent->start();
        ASSERT_TRUE(wait([&] { return agent->ups == 1 && server.attached.size() == 2; }));
    }
    bool wait(const std::function<bool()>& done) { return loop.run_until(done, kPatience); }
    std::uint64_t connection() const { return server.connected.back().connection; }

    run::Loop loop;
    Certificates certificates;
    Server server{loop, certificates};
    std::unique_ptr<Agent> agent;
};

TEST_F(Pair, AgentComesUpOverMutualTlsAndTheServerKnowsWhoItIs) {
    up();
    const Peer& peer = server.connected.at(0);
    EXPECT_EQ(peer.host, "one");
    EXPECT_EQ(peer.container_id, "one");
    EXPECT_EQ(peer.address, "127.0.0.1");
    EXPECT_EQ(server.known.count(peer.fingerprint), 1U);
    EXPECT_TRUE(contains(server.attached, "in events"));
    EXPECT_TRUE(contains(server.attached, "out agent.one"));
}

TEST_F(Pair, AMessageArrivesWholeAndItsAcceptanceComesBack) {
    up();
    Message message{"{\"text\":\"\xc3\xa9\"}", "reply.here", "c-17", true};
    ASSERT_TRUE((*agent)->send("events", 7, message));
    ASSERT_TRUE(wait([&] { return !agent->answers.empty(); }));
    EXPECT_EQ(agent->answers.at(0), std::make_pair(std::uint64_t{7}, Disposition::accept));
    ASSERT_EQ(server.messages.size(), 1U);
    EXPECT_EQ(server.messages[0].body, message.body);
    EXPECT_EQ(server.messages[0].reply_to, "reply.here");
    EXPECT_EQ(server.messages[0].correlation_id, "c-17");
    EXPECT_TRUE(server.messages[0].durable);
}

TEST_F(Pair, TheServerSendsToTheAgentAndEachDispositionComesBack) {
    agent->on_message = [](const std::string&, const Message& message, const Delivery& delivery) {
        if (message.body == "1") delivery.settle(Disposition::accept);
        if (message.body == "2") delivery.settle(Disposition::reject);
        if (message.body == "3") delivery.settle(Disposition::release);
    };
    up();
    for (std::uint64_t n = 1; n <= 4; ++n) {
        ASSERT_TRUE(server->send(connection(), "agent.one", n, {std::to_string(n), "", "", false}));
    }
    ASSERT_TRUE(wait([&] { return server.answers.size() == 4; }));
    std::map<std::uint64_t, Disposition> by_token(server.answers.begin(), server.answers.end());
    EXPECT_EQ(by_token[1], Disposition::accept);
    EXPECT_EQ(by_token[2], Disposition::reject);
    EXPECT_EQ(by_token[3], Disposition::release);
    EXPECT_EQ(by_token[4], Disposition::release) << "dropped without an answer";
    EXPECT_FALSE(agent->messages.at(0).durable);
}

TEST_F(Pair, ThousandsOfMessagesArriveInOrderUnderBackPressure) {
    up();
    constexpr std::uint64_t kCount = 3000;
    std::uint64_t next = 0;
    const auto pump = [&] {
        while (next < kCount) {
            const auto sent = (*agent)->send("events", next, {std::to_string(next), "", "", true});
            if (!sent) {
                EXPECT_EQ(sent.error().code, Errc::busy) << sent.error().what;
                break;
            }
            ++next;
        }
        return agent->answers.size() == kCount;
    };
    ASSERT_TRUE(wait(pump));
    ASSERT_EQ(server.messages.size(), kCount);
    std::ranges::sort(agent->answers);  // answers may overtake each other, messages never do
    for (std::uint64_t n = 0; n < kCount; ++n) {
        ASSERT_EQ(server.messages[n].body, std::to_string(n));
        ASSERT_EQ(agent->answers[n], std::make_pair(n, Disposition::accept));
    }
}

TEST_F(Pair, HeartbeatsAreAcceptedAtOnceAndToldTogether) {
    // The policy is fixed once started, so this one brings its own listener.
    Server other(loop, certificates);
    other.known[certificates.host("two")] = "two";
    other.is_heartbeat = [](const Message& message) { return message.body == "beat"; };
    other.start();
    Agent two(loop, certificates, other->port(), "two");
    two.start();
    ASSERT_TRUE(wait([&] { return two.ups == 1 && !other.connected.empty(); }));
    constexpr std::size_t kBeats = 200;
    for (std::uint64_t n = 1; n <= kBeats; ++n)
        ASSERT_TRUE(two->send("events", n, {"beat", "", "", false}));
    ASSERT_TRUE(two->send("events", 0, {"message", "", ""}));
    ASSERT_TRUE(wait([&] { return two.answers.size() == kBeats + 1 && !other.heard.empty(); }));
    for (const auto& [token, answer] : two.answers) EXPECT_EQ(answer, Disposition::accept);
    EXPECT_EQ(other.messages.size(), 1U) << "a heartbeat is not passed on";
    loop.run_until([] { return false; }, 300ms);
    EXPECT_LT(other.heard.size(), kBeats / 4);
    for (const auto& connections : other.heard)
        EXPECT_EQ(connections, std::unordered_set{other.connected.at(0).connection});
}

TEST_F(Pair, ALinkThatIsEndedHereIsDialledAgain) {
    up();
    (*agent)->end_link({Errc::timeout, "silent"});
    ASSERT_TRUE(wait([&] { return agent->ups == 2; }));
    ASSERT_EQ(agent->downs.size(), 1U);
    EXPECT_EQ(agent->downs[0].code, Errc::timeout);
    EXPECT_EQ(agent->downs[0].what, "silent");
}

TEST_F(Pair, TheReceiversCreditBoundsWhatIsUnsettled) {
    std::vector<Delivery> held;
    server.on_message = [&](const std::string&, const Message&, const Delivery& delivery) {
        held.push_back(delivery);
    };
    up();
    for (std::uint64_t n = 0; n < 100; ++n) ASSERT_TRUE((*agent)->send("events", n, {"x", "", ""}));
    ASSERT_TRUE(wait([&] { return held.size() == server.options.credit; }));
    EXPECT_FALSE(loop.run_until([&] { return held.size() > server.options.credit; }, 300ms));
    held.front().settle(Disposition::accept);
    EXPECT_TRUE(wait([&] { return held.size() == server.options.credit + 1; }));
}

TEST_F(Pair, TheLargestAllowedMessagePassesBothWaysAndMoreIsRefusedAtTheSender) {
    up();
    const std::string largest(768 * 1024, 'x');
    ASSERT_TRUE((*agent)->send("events", 1, {largest, "", ""}));
    ASSERT_TRUE(server->send(connection(), "agent.one", 2, {largest, "", ""}));
    ASSERT_TRUE(wait([&] { return agent->answers.size() == 1 && server.answers.size() == 1; }));
    EXPECT_EQ(server.messages.at(0).body, largest);
    EXPECT_EQ(agent->messages.at(0).body, largest);
    EXPECT_EQ((*agent)->send("events", 3, {largest + "x", "", ""}).error().code, Errc::limit);
    EXPECT_EQ(server->send(connection(), "agent.one", 4, {largest + "x", "", ""}).error().code,
              Errc::limit);
}

TEST_F(Pair, SendsWithoutAnAnswerAreBounded) {
    agent->options.unsettled_max = 3;
    std::vector<Delivery> held;
    server.on_message = [&](const std::string&, const Message&, const Delivery& delivery) {
        held.push_back(delivery);
    };
    up();
    for (std::uint64_t n = 0; n < 3; ++n) ASSERT_TRUE((*agent)->send("events", n, {"x", "", ""}));
    EXPECT_EQ((*agent)->send("events", 3, {"x", "", ""}).error().code, Errc::busy);
    ASSERT_TRUE(wait([&] { return held.size() == 3; }));
    held[0].settle(Disposition::accept);
    ASSERT_TRUE(wait([&] { return agent->answers.size() == 1; }));
    EXPECT_TRUE((*agent)->send("events", 3, {"x", "", ""}));
}

TEST_F(Pair, SendSaysWhyItCannot) {
    EXPECT_EQ((*agent).options.targets.at(0), "events");
    agent->start();
    EXPECT_EQ((*agent)->send("nowhere", 1, {"x", "", ""}).error().code, Errc::not_found);
    ASSERT_TRUE(wait([&] { return agent->ups == 1; }));
    EXPECT_EQ(server->send(connection(), "agent.two", 1, {"x", "", ""}).error().code,
              Errc::not_found);
    EXPECT_EQ(server->send(connection() + 1000, "agent.one", 1, {"x", "", ""}).error().code,
              Errc::not_found);
    (*agent)->stop();
    EXPECT_EQ((*agent)->send("events", 1, {"x", "", ""}).error().code, Errc::unavailable);
}

TEST_F(Pair, LosingTheLinkReleasesEverySendWithoutAnAnswerBeforeDownAndItComesBack) {
    std::vector<Delivery> held;
    server.on_message = [&](const std::string&, const Message&, const Delivery& delivery) {
        held.push_back(delivery);
    };
    up();
    for (std::uint64_t n = 0; n < 50; ++n) ASSERT_TRUE((*agent)->send("events", n, {"x", "", ""}));
    ASSERT_TRUE(wait([&] { return held.size() == server.options.credit; }));
    const std::uint16_t port = server->port();
    server->stop();
    ASSERT_TRUE(wait([&] { return !agent->downs.empty(); }));
    ASSERT_EQ(agent->answers.size(), 50U) << "all reported when on_down comes";
    for (std::uint64_t n = 0; n < 50; ++n) {
        EXPECT_EQ(agent->answers[n], std::make_pair(n, Disposition::release));
    }
    held.front().settle(Disposition::accept);  // too late, and harmless
    EXPECT_EQ((*agent)->send("events", 99, {"x", "", ""}).error().code, Errc::unavailable);

    server.options.port = port;
    server.on_message = nullptr;
    server.start();
    ASSERT_TRUE(wait([&] { return agent->ups == 2; }));
    ASSERT_TRUE((*agent)->send("events", 100, {"again", "", ""}));
    ASSERT_TRUE(wait([&] { return agent->answers.size() == 51; }));
    EXPECT_EQ(agent->answers.back(), std::make_pair(std::uint64_t{100}, Disposition::accept));
}

TEST_F(Pair, AClosedConnectionTellsBothSidesWhy) {
    agent->on_message = [](const std::string&, const Message&, const Delivery&) {};
    up();
    std::vector<Delivery> kept;
    agent->on_message = [&](const std::string&, const Message&, const Delivery& delivery) {
        kept.push_back(delivery);
    };
    ASSERT_TRUE(server->send(connection(), "agent.one", 5, {"x", "", ""}));
    ASSERT_TRUE(wait([&] { return !kept.empty(); }));
    server->close(connection(), "evenkeel:protocol-version", "we speak 2..3, you 1..1");
    ASSERT_TRUE(wait([&] { return !agent->downs.empty() && !server.disconnected.empty(); }));
    EXPECT_NE(agent->downs[0].what.find("we speak 2..3"), std::string::npos);
    EXPECT_NE(server.disconnected[0].find("we speak 2..3"), std::string::npos);
    EXPECT_EQ(server.answers.at(0), std::make_pair(std::uint64_t{5}, Disposition::release));
    ASSERT_TRUE(wait([&] { return agent->ups == 2; })) << "and it dials again";
}

TEST_F(Pair, TwoAgentsHaveTheirOwnLinks) {
    // The allow-list is fixed once started, so this one brings its own listener.
    Server both(loop, certificates);
    both.known[certificates.host("two")] = "two";
    both.known[certificates.host("three")] = "three";
    both.start();
    Agent two(loop, certificates, both->port(), "two");
    Agent three(loop, certificates, both->port(), "three");
    two.start();
    three.start();
    ASSERT_TRUE(wait([&] { return two.ups == 1 && three.ups == 1 && both.attached.size() == 4; }));
    for (const auto& peer : both.connected) {
        ASSERT_TRUE(both->send(peer.connection, "agent." + peer.host, 1, {peer.host, "", ""}));
    }
    ASSERT_TRUE(wait([&] { return both.settled(Disposition::accept) == 2; }));
    EXPECT_EQ(two.messages.at(0).body, "two");
    EXPECT_EQ(three.messages.at(0).body, "three");
}

}  // namespace
}  // namespace evenkeel::link::bench
