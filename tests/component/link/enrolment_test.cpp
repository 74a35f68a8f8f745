#include <future>

#include <gtest/gtest.h>

#include "core/link/request.hpp"
#include "tests/component/link/bench.hpp"

// The enrolment listener: server TLS only, small messages, a dynamic address for the reply.
namespace evenkeel::link::bench {
namespace {

class Enrolment : public testing::Test {
  protected:
    Enrolment() {
        server.options.client_ca_file.clear();
        server.options.message_bytes_max = 64 * 1024;
        server.start();
        remote.host = "127.0.0.1";
        remote.port = server->port();
        remote.ca_file = certificates.ca();
        remote.container_id = "newcomer";
        remote.message_bytes_max = 64 * 1024;
    }
    Result<Message> request(const std::string& body, std::chrono::milliseconds timeout = 10s,
                            const std::string& address = "events") {
        bool ended = false;
        auto reply = std::async(std::launch::async, [&] {
            auto result = request_once(remote, address, {body, "", "c-1"}, timeout);
            loop.post([&] { ended = true; });
            return result;
        });
        loop.run_until([&] { return ended; }, kPatience);
        return reply.get();
    }
    void reply_with(const std::string& body) {
        server.on_message = [this, body](const std::string&, const Message& message,
                                         const Delivery& delivery) {
            delivery.settle(Disposition::accept);
            EXPECT_TRUE(server->send(server.connected.back().connection, message.reply_to, 1,
                                     {body, "", message.correlation_id, false}));
        };
    }

    run::Loop loop;
    Certificates certificates;
    Server server{loop, certificates};
    Remote remote;
};

TEST_F(Enrolment, ARequestGetsItsReplyAtADynamicAddress) {
    reply_with("{\"type\":\"enrolled\"}");
    const auto reply = request("{\"type\":\"enrol\"}");
    ASSERT_TRUE(reply) << reply.error().what;
    EXPECT_EQ(reply->body, "{\"type\":\"enrolled\"}");
    EXPECT_EQ(reply->correlation_id, "c-1");
    EXPECT_EQ(server.messages.at(0).body, "{\"type\":\"enrol\"}");
    EXPECT_TRUE(server.messages[0].reply_to.starts_with("reply-"));
    EXPECT_EQ(server.connected.at(0).fingerprint, "");
    ASSERT_TRUE(loop.run_until([&] { return server.settled(Disposition::accept) == 1; }, kPatience))
        << "the reply's acceptance comes back before the connection ends";
    ASSERT_TRUE(loop.run_until([&] { return !server.disconnected.empty(); }, kPatience));
}

TEST_F(Enrolment, EachConnectionHasItsOwnReplyAddress) {
    reply_with("x");
    ASSERT_TRUE(request("1"));
    ASSERT_TRUE(request("2"));
    EXPECT_NE(server.messages.at(0).reply_to, server.messages.at(1).reply_to);
}

TEST_F(Enrolment, ARejectionIsDenied) {
    server.on_message = [](const std::string&, const Message&, const Delivery& delivery) {
        delivery.settle(Disposition::reject);
    };
    EXPECT_EQ(request("x").error().code, Errc::denied);
}

TEST_F(Enrolment, NoReplyIsATimeout) {
    server.on_message = [](const std::string&, const Message&, const Delivery& delivery) {
        delivery.settle(Disposition::accept);
    };
    EXPECT_EQ(request("x", 500ms).error().code, Errc::timeout);
}

TEST_F(Enrolment, NobodyThereIsUnavailable) {
    server->stop();
    EXPECT_EQ(request("x").error().code, Errc::unavailable);
}

TEST_F(Enrolment, AnotherAddressIsDenied) {
    const auto reply = request("x", 10s, "agent.one");
    EXPECT_EQ(reply.error().code, Errc::denied) << reply.error().what;
}

TEST_F(Enrolment, ABodyOverTheLimitIsRefusedAtTheSender) {
    EXPECT_EQ(request(std::string(64 * 1024 + 1, 'x')).error().code, Errc::limit);
}

TEST_F(Enrolment, ABodyOverTheLimitEndsTheConnection) {
    remote.message_bytes_max = 768 * 1024;
    const auto reply = request(std::string(200 * 1024, 'x'));
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().code, Errc::denied) << "rejected: never to be sent again";
    ASSERT_TRUE(loop.run_until([&] { return !server.disconnected.empty(); }, kPatience));
    EXPECT_NE(server.disconnected[0].find("amqp:link:message-size-exceeded"), std::string::npos);
    EXPECT_TRUE(server.messages.empty());
}

TEST_F(Enrolment, AServerUnderAnotherCaIsDenied) {
    Certificates foreign;
    remote.ca_file = foreign.ca();
    EXPECT_EQ(request("x").error().code, Errc::denied);
}

}  // namespace
}  // namespace evenkeel::link::bench
