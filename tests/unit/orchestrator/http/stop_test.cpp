#include <boost/asio/io_context.hpp>

#include "tests/unit/orchestrator/http/serving.hpp"

namespace evenkeel::http {

namespace {

class Stop : public Serving {
  protected:
    void stop(std::chrono::milliseconds grace) {
        on_loop([&] { server_->stop(grace, [this] { stopped_ = true; }); });
    }
    bool stops() {
        return becomes_true([this] { return stopped_; });
    }

    bool stopped_ = false;  // only on the loop
};

TEST_F(Stop, FinishesWhatIsInWorkAndClosesTheRest) {
    start();
    Client working(port());
    Client idle(port());
    Client streaming(port());
    EXPECT_EQ(idle.ask(get("/hello")).status, 200);
    working.send(get("/held"));
    streaming.send(get("/events"));
    ASSERT_TRUE(becomes_true([this] { return !held_.empty() && !streams_.empty(); }));
    stop(std::chrono::seconds(10));
    EXPECT_TRUE(idle.ends());
    EXPECT_NE(streaming.read_until("retry: 3000\n\n"), "");
    EXPECT_TRUE(streaming.ends());
    EXPECT_EQ(Client(port()).ask(get("/hello")).status, 0);
    release();
    const Seen seen = working.receive();
    EXPECT_EQ(seen.status, 200);
    EXPECT_EQ(seen.header("Connection"), "close");
    EXPECT_TRUE(working.ends());
    EXPECT_TRUE(stops());
}

TEST_F(Stop, CutsWhatIsStillInWorkAfterTheGrace) {
    start();
    Client client(port());
    client.send(get("/held"));
    ASSERT_TRUE(becomes_true([this] { return !held_.empty(); }));
    stop(std::chrono::milliseconds(20));
    EXPECT_TRUE(client.ends());
    EXPECT_TRUE(stops());
}

TEST_F(Stop, WithoutConnectionsIsAtOnce) {
    start();
    stop(std::chrono::seconds(10));
    EXPECT_TRUE(stops());
}

TEST_F(Stop, ADestroyedServerLeavesNothingBehind) {
    start();
    Client working(port());
    Client streaming(port());
    working.send(get("/held"));
    streaming.send(get("/events"));
    ASSERT_TRUE(becomes_true([this] { return !held_.empty() && !streams_.empty(); }));
    on_loop([this] { server_.reset(); });
    EXPECT_TRUE(working.ends());
    EXPECT_TRUE(streaming.ends());
    on_loop([this] {
        EXPECT_EQ(closed_streams_, 1);
        for (const auto& responder : held_) responder->send(Reply::empty(204));
    });
}

Result<std::unique_ptr<Server>> listen_on(boost::asio::io_context& loop, std::string address,
                                          std::string certificate = "", std::string key = "") {
    return Server::start(loop,
                         {.listen = std::move(address),
                          .certificate = std::move(certificate),
                          .key = std::move(key)},
                         {.admit = {}, .serve = {}});
}

TEST(Listen, PlainHttpOffLoopbackIsRefused) {
    boost::asio::io_context loop;
    for (const char* address : {"0.0.0.0:0", ":0", "[::]:0", "192.0.2.1:0"}) {
        const auto server = listen_on(loop, address);
        ASSERT_FALSE(server) << address;
        EXPECT_EQ(server.error().code, Errc::denied) << address;
    }
}

TEST(Listen, TellsTheRealPort) {
    boost::asio::io_context loop;
    const auto server = listen_on(loop, "localhost:0");
    ASSERT_TRUE(server) << server.error().what;
    const std::string address = (*server)->address();
    EXPECT_EQ(address.rfind("127.0.0.1:", 0), 0u);
    EXPECT_NE(address, "127.0.0.1:0");
    const auto again = listen_on(loop, address);
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, Errc::conflict);
}

TEST(Listen, NamesACertificateThatDoesNotRead) {
    boost::asio::io_context loop;
    const auto missing = listen_on(loop, "127.0.0.1:0", "/nowhere/cert.pem", "/nowhere/key.pem");
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, Errc::invalid);
    EXPECT_NE(missing.error().what.find("/nowhere/cert.pem"), std::string::npos);
    EXPECT_FALSE(listen_on(loop, "127.0.0.1:0", "/nowhere/cert.pem"));
}

}  // namespace

}  // namespace evenkeel::http
