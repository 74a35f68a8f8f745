#include <gtest/gtest.h>

#include "tests/component/link/bench.hpp"

// Each of Proton's traps that a peer can spring: what breaks the rules is turned away, and an agent
// that was there before does not notice.
namespace evenkeel::link::bench {
namespace {

class Hostile : public testing::Test {
  protected:
    explicit Hostile(std::chrono::milliseconds handshake_timeout = 60s) {
        server.known[certificates.host("one")] = "one";
        server.known[certificates.host("bad")] = "bad";
        server.options.handshake_timeout = handshake_timeout;
        server.start();
        good = std::make_unique<Agent>(loop, certificates, server->port());
        good->start();
        EXPECT_TRUE(wait([&] { return good->ups == 1 && server.attached.size() == 2; }));
    }
    bool wait(const std::function<bool()>& done) { return loop.run_until(done, kPatience); }

    std::vector<std::string> attack(const std::string& mode, const std::string& argument = "",
                                    const std::string& certificate = "bad") {
        return run_peer(loop, {mode, std::to_string(server->port()), certificates.file(""),
                               certificate, argument});
    }
    void expect_unharmed() {
        const auto before = server.messages.size();
        ASSERT_TRUE((*good)->send("events", 77, {"still here", "", ""}));
        ASSERT_TRUE(wait([&] { return !good->answers.empty(); }));
        EXPECT_EQ(good->answers.back().second, Disposition::accept);
        EXPECT_EQ(server.messages.size(), before + 1);
        EXPECT_TRUE(good->downs.empty());
    }

    run::Loop loop;
    Certificates certificates;
    Server server{loop, certificates};
    std::unique_ptr<Agent> good;
};

TEST_F(Hostile, CreditComesBackInHalves) {
    // A frame for each message before.
    EXPECT_TRUE(contains(attack("flows", "70"), "flows 4"));
    EXPECT_EQ(server.messages.size(), 70U);
}

TEST_F(Hostile, AnEmptyTransferIsRejected) {
    EXPECT_TRUE(contains(attack("empty"), "rejected"));
    EXPECT_TRUE(server.messages.empty());
    expect_unharmed();
}

TEST_F(Hostile, AnAbortedTransferIsDroppedAndTheLinkGoesOn) {
    EXPECT_TRUE(contains(attack("aborted"), "accepted"));
    EXPECT_EQ(server.messages.size(), 1U);
    expect_unharmed();
}

TEST_F(Hostile, BytesThatAreNoMessageAreRejected) {
    for (const char* bytes : {"ff", "005377", "0053", "005377a1ff41", "d0ffffffffffffffff", "40"}) {
        EXPECT_TRUE(contains(attack("bytes", bytes), "rejected")) << bytes;
    }
    EXPECT_TRUE(server.messages.empty());
    expect_unharmed();
}

TEST_F(Hostile, AMessageNestedAHundredThousandDeepIsRejected) {
    EXPECT_TRUE(contains(attack("nested", "80000"), "rejected"));
    expect_unharmed();
}

TEST_F(Hostile, ABodyThatIsNeitherTextNorBytesIsRejected) {
    EXPECT_TRUE(contains(attack("map"), "rejected"));
    EXPECT_TRUE(server.messages.empty());
    expect_unharmed();
}

TEST_F(Hostile, ABinaryBodyIsTaken) {
    EXPECT_TRUE(contains(attack("binary"), "accepted"));
    EXPECT_EQ(server.messages.at(0).body, "{\"binary\":true}");
    expect_unharmed();
}

TEST_F(Hostile, AMessageOverTheLimitEndsTheConnectionAndCostsLittleMemory) {
    const std::size_t before = resident_kib();
    EXPECT_TRUE(contains(attack("large", "50000000"), "amqp:link:message-size-exceeded"));
    EXPECT_TRUE(server.messages.empty());
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // which take more
    EXPECT_LT(resident_kib(), before + 16 * 1024);
#else
    EXPECT_GT(before, 0U);
#endif
    expect_unharmed();
}

TEST_F(Hostile, APlaintextPeerIsRefusedOnLoopbackToo) {
    EXPECT_TRUE(contains(attack("plaintext"), "transport"));
    EXPECT_EQ(server.connected.size(), 1U);
    expect_unharmed();
}

TEST_F(Hostile, APeerThatLeavesOutSaslIsRefused) {
    EXPECT_TRUE(contains(attack("nosasl"), "SASL EXTERNAL is compulsory"));
    EXPECT_TRUE(contains(attack("raw-nosasl"), "hung-up")) << "and what it sent ahead is dropped";
    EXPECT_EQ(server.connected.size(), 1U);
    EXPECT_TRUE(server.messages.empty());
    expect_unharmed();
}

TEST_F(Hostile, WhatARefusedPeerSentAheadReachesNobody) {
    certificates.host("stranger");
    const auto heard = attack("pipelined", "", "stranger");
    EXPECT_TRUE(contains(heard, "hung-up")) << heard.at(0) << ": it never answers our close";
    EXPECT_EQ(server.connected.size(), 1U);
    EXPECT_EQ(server.attached.size(), 2U);
    EXPECT_TRUE(server.messages.empty());
    expect_unharmed();
}

TEST_F(Hostile, MoreMessagesThanThereIsCreditForEndTheConnection) {
    std::vector<Delivery> held;
    server.on_message = [&](const std::string&, const Message&, const Delivery& delivery) {
        held.push_back(delivery);
    };
    EXPECT_TRUE(contains(attack("greedy", "5000"), "amqp:link:transfer-limit-exceeded"));
    EXPECT_LE(held.size(), server.options.credit);
    server.on_message = nullptr;
    expect_unharmed();
}

TEST_F(Hostile, TooManySessionsEndTheConnection) {
    EXPECT_TRUE(contains(attack("sessions", "50"), "too many sessions"));
    expect_unharmed();
}

TEST_F(Hostile, ASecondLinkToOneAddressEndsTheConnection) {
    EXPECT_TRUE(contains(attack("links", "50"), "a second link"));
    expect_unharmed();
}

// Some of it looks like the beginning of something: elapsed time is what ends that.
class Garbage : public Hostile {
  protected:
    Garbage() : Hostile(5s) {}
};

TEST_F(Garbage, OnThePortIsHungUpOn) {
    for (const std::string bytes :
         {"GET / HTTP/1.1\r\n\r\n", "AMQP\x03\x01", "\x16\x03\x01\xff\xff"}) {
        RawSocket socket(server->port());
        socket.send(bytes);
        EXPECT_TRUE(socket.closed_within(kPatience));
    }
    expect_unharmed();
}

}  // namespace
}  // namespace evenkeel::link::bench
