#include <chrono>
#include <string>

#include "tests/unit/orchestrator/http/serving.hpp"

// What one caller takes is not what the others need.
namespace evenkeel::http {

namespace {

using std::chrono::milliseconds;

std::string bearer(const std::string& token) {
    return "Authorization: Bearer " + token + "\r\n";
}

// A header that announces a body of 1 MiB, and one byte of it.
std::string announced(const std::string& path, const std::string& token = "") {
    return "PUT " + path + " HTTP/1.1\r\nHost: test\r\n" + (token.empty() ? "" : bearer(token)) +
           "Content-Type: application/json\r\nContent-Length: 1048576\r\n\r\n1";
}

std::string put(const std::string& token) {
    return "PUT /my/echo HTTP/1.1\r\nHost: test\r\n" + bearer(token) +
           "Content-Type: application/json\r\nContent-Length: 4\r\n\r\ntrue";
}

class Fair : public Serving {
  protected:
    using Clients = std::vector<std::unique_ptr<Client>>;

    Client& add(Clients& clients, const std::string& text, const char* from = "127.0.0.1") {
        clients.push_back(std::make_unique<Client>(port(), from));
        clients.back()->send(text);
        return *clients.back();
    }
    std::size_t held(ShareKind kind) {
        std::size_t count = 0;
        on_loop([&] { count = server_->shares().held.at(static_cast<std::size_t>(kind)); });
        return count;
    }
};

// Of the whole reply only the head comes: the connection closes after it.
TEST_F(Fair, ABodyWithoutATokenIsRefusedOnItsHeaderAndHoldsNothing) {
    start();
    Clients strangers;
    for (int i = 0; i < 64; ++i) {
        EXPECT_EQ(add(strangers, announced("/my/echo")).receive().status, 401);
        EXPECT_EQ(add(strangers, announced("/my/echo", "bad")).receive().status, 401);
    }
    EXPECT_EQ(held(ShareKind::body_bytes), 0u);
    EXPECT_EQ(Client(port()).ask(put("one")).status, 200);
}

TEST_F(Fair, BodiesWithoutATokenShareOnePart) {
    start();
    Clients strangers;
    for (int i = 0; i < 64; ++i) {
        add(strangers, announced("/echo"), i % 2 == 0 ? "127.0.0.2" : "127.0.0.3");
    }
    ASSERT_TRUE(becomes_true([this] { return server_->shares().refused_each[2] == 56; }));
    EXPECT_EQ(held(ShareKind::body_bytes), 8u * 1024 * 1024);
    EXPECT_EQ(Client(port()).ask(put("one")).status, 200);
}

TEST_F(Fair, BodiesOfOneTokenAreLimitedAndOthersPass) {
    start();
    Clients greedy;
    for (int i = 0; i < 8; ++i) add(greedy, announced("/my/echo", "one"));
    ASSERT_TRUE(becomes_true([this] { return server_->shares().held[2] == 8u * 1024 * 1024; }));
    const Seen seen = Client(port()).ask(put("one"));
    EXPECT_EQ(seen.status, 429);
    EXPECT_EQ(seen.json().string_or("detail"),
              "this token may send 8388608 bytes of bodies at once: wait until one has arrived");
    EXPECT_EQ(seen.header("Retry-After"), "1");
    EXPECT_EQ(Client(port()).ask(put("two")).status, 200);
}

std::string ask_large(const std::string& method, const std::string& token) {
    return method + " /my/large HTTP/1.1\r\nHost: test\r\n" + bearer(token) + "\r\n";
}

TEST_F(Fair, RepliesThatOneTokenDoesNotReadAreLimitedAndHeldOnce) {
    start();
    Clients slow;
    for (int i = 0; i < 2; ++i) {
        slow.push_back(std::make_unique<Client>(port(), "127.0.0.1", 4096));
        slow.back()->send(ask_large("GET", "one"));
    }
    ASSERT_TRUE(becomes_true([this] { return server_->shares().held[3] == 2 * kLargeBytes; }));
    Client more(port());
    const Seen refused = more.ask(ask_large("GET", "one"));
    EXPECT_EQ(refused.status, 429);
    EXPECT_EQ(refused.json().string_or("detail"),
              "this token may have 33554432 bytes of replies on their way: read one to its end");
    EXPECT_EQ(refused.json().string_or("instance"), "/my/large");
    EXPECT_EQ(refused.header("Retry-After"), "1");
    // What is small, what has changed something and what others ask for is answered.
    EXPECT_EQ(more.ask(get("/my/hello", bearer("one"))).status, 200);
    EXPECT_EQ(more.ask(ask_large("POST", "one")).body.size(), kLargeBytes);
    EXPECT_EQ(Client(port()).ask(ask_large("GET", "two")).body.size(), kLargeBytes);
    slow.pop_back();
    ASSERT_TRUE(becomes_true([this] { return server_->shares().held[3] == kLargeBytes; }));
    EXPECT_EQ(more.ask(ask_large("GET", "one")).status, 200);
}

TEST_F(Fair, AllRepliesTogetherAreLimited) {
    start({.replies_bytes_max = 2 * kLargeBytes});
    Client slow(port(), "127.0.0.1", 4096);
    slow.send(ask_large("GET", "one"));
    ASSERT_TRUE(becomes_true([this] { return server_->shares().held[3] == kLargeBytes; }));
    EXPECT_EQ(Client(port()).ask(ask_large("GET", "two")).status, 503);
    EXPECT_EQ(Client(port()).ask(ask_large("GET", "admin")).status, 200);
}

TEST_F(Fair, TheLastPartOfAllBodiesIsTheAdministrators) {
    start({.bodies_bytes_max = 8 * 1024 * 1024, .bodies_bytes_per_principal_max = 1024 * 1024});
    Clients greedy;
    for (int i = 0; i < 7; ++i) add(greedy, announced("/my/echo", "t" + std::to_string(i)));
    ASSERT_TRUE(becomes_true([this] { return server_->shares().held[2] == 7u * 1024 * 1024; }));
    const Seen seen = Client(port()).ask(put("other"));
    EXPECT_EQ(seen.status, 503);
    EXPECT_EQ(seen.json().string_or("detail"), "too much is being sent at the moment");
    EXPECT_EQ(Client(port()).ask(put("admin")).status, 200);
}

TEST_F(Fair, ABodyOfOneByteEndsSoonHoweverLongItIsAnnounced) {
    start({.transfer_timeout = milliseconds(50)});
    Client client(port());
    const auto begun = std::chrono::steady_clock::now();
    client.send(announced("/my/echo", "one"));
    EXPECT_EQ(client.receive().code(), "request-timeout");
    // 64 s at the slowest rate, were the announced bytes counted.
    EXPECT_LT(std::chrono::steady_clock::now() - begun, milliseconds(5000));
    EXPECT_TRUE(becomes_true([this] { return server_->shares().held[2] == 0; }));
}

TEST_F(Fair, StreamsOfOneTokenAreLimitedAndTheAddressIsNotLockedOut) {
    start();
    Clients streams;
    const std::string follow = get("/my/events", bearer("viewer"));
    for (int i = 0; i < 64; ++i) add(streams, follow);
    ASSERT_TRUE(becomes_true([this] { return streams_.size() == 64; }));
    for (int i = 64; i < 520; ++i) {
        const Seen seen = Client(port()).ask(follow);
        ASSERT_EQ(seen.status, 429) << i;
        EXPECT_EQ(seen.json().string_or("detail"),
                  "this token may have 64 streams open: close one of them");
    }
    EXPECT_EQ(Client(port()).ask(get("/hello")).status, 200);
    add(streams, get("/my/events", bearer("other")));
    EXPECT_TRUE(becomes_true([this] { return server_->shares().held[1] == 65; }));
    streams.clear();
    EXPECT_TRUE(becomes_true([this] { return server_->shares().held[1] == 0; }));
    EXPECT_EQ(held(ShareKind::requests), 0u);
}

TEST_F(Fair, ManyTokensBehindOneAddressDoNotLockItOut) {
    start({.connections_per_address_max = 20});
    Clients streams;
    for (int i = 0; i < 60; ++i) {
        add(streams, get("/my/events", bearer("t" + std::to_string(i / 10))), "127.0.0.2");
    }
    ASSERT_TRUE(becomes_true([this] { return streams_.size() == 60; }));
    Client next(port(), "127.0.0.2");
    EXPECT_EQ(next.ask(get("/hello")).status, 200);
    EXPECT_EQ(next.ask(put("one")).status, 200);
    EXPECT_EQ(Client(port(), "127.0.0.2").ask(put("admin")).status, 200);
}

TEST_F(Fair, RequestsInWorkOfOneTokenAreLimited) {
    start({.requests_per_principal_max = 3});
    Clients held_ones;
    for (int i = 0; i < 3; ++i) add(held_ones, get("/my/held", bearer("one")));
    ASSERT_TRUE(becomes_true([this] { return held_.size() == 3; }));
    const Seen seen = Client(port()).ask(get("/my/hello", bearer("one")));
    EXPECT_EQ(seen.status, 429);
    EXPECT_EQ(seen.json().string_or("detail"),
              "this token may have 3 requests in work: wait until one ends");
    EXPECT_EQ(Client(port()).ask(get("/my/hello", bearer("two"))).status, 200);
    release();
    for (auto& client : held_ones) EXPECT_EQ(client->receive().status, 200);
    EXPECT_EQ(Client(port()).ask(get("/my/hello", bearer("one"))).status, 200);
}

TEST_F(Fair, WhenPrincipalsAreBusyWithAllTheyMayAnEighthIsLeft) {
    start({.connections_max = 16});
    Clients busy;
    for (int i = 0; i < 13; ++i) {
        add(busy, get("/my/held", bearer("t" + std::to_string(i))));
    }
    ASSERT_TRUE(becomes_true([this] { return held_.size() == 13; }));
    Client other(port());
    EXPECT_EQ(other.ask(get("/my/hello", bearer("other"))).status, 503);
    EXPECT_EQ(other.ask(get("/hello")).status, 200);
    EXPECT_EQ(other.ask(get("/my/hello", bearer("admin"))).status, 200);
    release();
}

TEST_F(Fair, StrangersInWorkMakeRoomForOthers) {
    start({.connections_max = 4});
    Clients strangers;
    for (int i = 0; i < 4; ++i) add(strangers, get("/held"));
    ASSERT_TRUE(becomes_true([this] { return held_.size() == 4; }));
    EXPECT_EQ(Client(port()).ask(get("/my/hello", bearer("one"))).status, 200);
    EXPECT_TRUE(strangers.front()->ends());
    release();
}

TEST_F(Fair, ARefusedBodyThatHasArrivedDoesNotEndTheConnection) {
    start();
    Client client(port());
    EXPECT_EQ(client.ask(put("bad")).status, 401);
    EXPECT_EQ(client.ask(put("one")).status, 200);
}

}  // namespace

}  // namespace evenkeel::http
