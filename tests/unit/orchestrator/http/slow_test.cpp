#include <chrono>
#include <string>
#include <thread>

#include "tests/unit/orchestrator/http/serving.hpp"

// Clients that are too slow, or too many.
namespace evenkeel::http {

namespace {

using std::chrono::milliseconds;

constexpr const char* kToken = "Authorization: Bearer one\r\n";

class Slow : public Serving {
  protected:
    std::size_t connections() {
        std::size_t count = 0;
        on_loop([&] { count = server_->connections(); });
        return count;
    }
};

TEST_F(Slow, HeadersThatTakeTooLongEndWith408) {
    start({.header_timeout = milliseconds(1000)});
    Client client(port());
    client.send("GET /hello HTTP/1.1\r\nHo");
    EXPECT_EQ(client.receive().code(), "request-timeout");
    EXPECT_TRUE(client.ends());
}

TEST_F(Slow, DrippingDoesNotProlongTheTimeForTheHeader) {
    start({.header_timeout = milliseconds(1000)});
    Client client(port());
    client.send("GET /hello HTTP/1.1\r\nX-A: ");
    const auto begun = std::chrono::steady_clock::now();
    while (connections() > 0 && std::chrono::steady_clock::now() - begun < milliseconds(30'000)) {
        client.send("a");
    }
    EXPECT_LT(std::chrono::steady_clock::now() - begun, milliseconds(30'000));
    EXPECT_EQ(client.receive().status, 408);
}

TEST_F(Slow, BytesThatComeInTheMomentOfTheTimeoutDoNotLiftIt) {
    start({.header_timeout = milliseconds(1000)});
    Client client(port());
    client.send("GET /hello HTTP/1.1\r\nX-A: ");
    ASSERT_TRUE(becomes_true([&] { return server_->connections() == 1; }));
    // More than one read takes, there at once when the loop comes to look at its timers. It is kept
    // busy while the time-out passes: elapsed time is what this is about.
    on_loop([&] {
        client.send(std::string(10'000, 'a'));
        std::this_thread::sleep_for(milliseconds(1200));
    });
    EXPECT_EQ(client.receive().status, 408);
}

TEST_F(Slow, BodiesBelowTheSlowestRateEndWith408) {
    start({.transfer_timeout = milliseconds(1000)});
    Client client(port());
    client.send("PUT /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\n{");
    EXPECT_EQ(client.receive().code(), "request-timeout");
    EXPECT_TRUE(client.ends());
}

TEST_F(Slow, SilentConnectionsAreClosedWithoutAWord) {
    start({.header_timeout = milliseconds(1000), .idle_timeout = milliseconds(1000)});
    Client silent(port());
    EXPECT_EQ(silent.receive().status, 0);
    Client idle(port());
    EXPECT_EQ(idle.ask(get("/hello")).status, 200);
    EXPECT_EQ(idle.receive().status, 0);
}

TEST_F(Slow, ARequestInWorkIsNotTimedOut) {
    start({.header_timeout = milliseconds(1000), .idle_timeout = milliseconds(20)});
    Client client(port());
    client.send(get("/held"));
    ASSERT_TRUE(becomes_true([this] { return !held_.empty(); }));
    Client other(port());
    EXPECT_EQ(other.receive().status, 0);  // well past both timeouts
    release();
    EXPECT_EQ(client.receive().status, 200);
}

TEST_F(Slow, WhoeverWaitsLongestMakesRoomAtTheCapOfAnAddress) {
    start({.connections_per_address_max = 3});
    std::vector<std::unique_ptr<Client>> slow;
    for (int i = 0; i < 3; ++i) {
        slow.push_back(std::make_unique<Client>(port(), "127.0.0.2"));
        slow.back()->send("GET /hello HTTP/1.1\r\n");
    }
    ASSERT_TRUE(becomes_true([this] { return server_->connections() == 3; }));
    Client elsewhere(port(), "127.0.0.3");
    EXPECT_EQ(elsewhere.ask(get("/hello")).status, 200);
    Client next(port(), "127.0.0.2");
    EXPECT_EQ(next.ask(get("/hello")).status, 200);
    EXPECT_TRUE(slow[0]->ends());
    EXPECT_EQ(slow[1]->ask("Host: test\r\n\r\n").status, 200);
    EXPECT_EQ(connections(), 4u);
}

TEST_F(Slow, NewConnectionsGet503WhenAllAreBusy) {
    start({.connections_max = 2});
    Client first(port());
    Client second(port());
    first.send(get("/my/held", kToken));
    second.send(get("/my/held", kToken));
    ASSERT_TRUE(becomes_true([this] { return held_.size() == 2; }));
    Client third(port());
    const Seen seen = third.receive();
    EXPECT_EQ(seen.status, 503);
    EXPECT_EQ(seen.code(), "unavailable");
    EXPECT_EQ(seen.header("Retry-After"), "1");
    release();
    EXPECT_EQ(first.receive().status, 200);
    EXPECT_EQ(Client(port()).ask(get("/hello")).status, 200);
}

TEST_F(Slow, ManySlowConnectionsDoNotKeepOthersWaiting) {
    start({.connections_max = 300, .connections_per_address_max = 300});
    std::vector<std::unique_ptr<Client>> slow;
    std::vector<double> took_ms;
    for (int i = 0; i < 400; ++i) {
        slow.push_back(std::make_unique<Client>(port(), "127.0.0.2"));
        slow.back()->send("GET /hello HTTP/1.1\r\nX-A: ");
        if (i % 4 != 0) continue;
        const auto begun = std::chrono::steady_clock::now();
        EXPECT_EQ(Client(port()).ask(get("/hello")).status, 200);
        const auto took = std::chrono::steady_clock::now() - begun;
        took_ms.push_back(std::chrono::duration<double, std::milli>(took).count());
    }
    EXPECT_LE(connections(), 300u);
    std::sort(took_ms.begin(), took_ms.end());
    // The promise is 50 ms; a loaded test machine gets some slack.
    EXPECT_LT(took_ms[took_ms.size() * 9 / 10], 250);
}

}  // namespace

}  // namespace evenkeel::http
