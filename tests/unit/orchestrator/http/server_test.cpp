#include "tests/unit/orchestrator/http/serving.hpp"

namespace evenkeel::http {

namespace {

class Server : public Serving {};

TEST_F(Server, AnswersAndKeepsTheConnection) {
    start();
    Client client(port());
    for (int i = 0; i < 3; ++i) {
        const Seen seen = client.ask(get("/hello"));
        EXPECT_EQ(seen.status, 200);
        EXPECT_EQ(seen.body, R"({"hello":"world"})");
        EXPECT_EQ(seen.header("Content-Type"), "application/json");
        EXPECT_EQ(seen.header("Cache-Control"), "no-store");
        EXPECT_EQ(seen.header("X-Content-Type-Options"), "nosniff");
        EXPECT_EQ(seen.header("Date").size(), 29u);
    }
}

TEST_F(Server, AnswersPipelinedRequestsInOrder) {
    start();
    Client client(port());
    client.send(get("/things/1") + with_body("PUT", "/echo", R"({"a":1})") + get("/held") +
                get("/things/2"));
    EXPECT_EQ(client.receive().body, R"({"id":"1"})");
    EXPECT_EQ(client.receive().body, R"({"a":1})");
    release();
    EXPECT_EQ(client.receive().body, "released");
    EXPECT_EQ(client.receive().body, R"({"id":"2"})");
}

TEST_F(Server, TakesARequestByteByByte) {
    start();
    Client client(port());
    for (const char c : with_body("PUT", "/echo", R"({"a":1})")) client.send({&c, 1});
    EXPECT_EQ(client.receive().body, R"({"a":1})");
    EXPECT_EQ(client.ask("\r\n" + get("/hello")).status, 200);
}

TEST_F(Server, HeadIsGetWithoutBody) {
    start();
    Client client(port());
    client.send("HEAD /hello HTTP/1.1\r\nHost: test\r\n\r\n");
    const Seen seen = client.receive(true);
    EXPECT_EQ(seen.status, 200);
    EXPECT_EQ(seen.header("Content-Length"), "17");
    EXPECT_EQ(client.ask(get("/hello")).body, R"({"hello":"world"})");
}

TEST_F(Server, ClosesWhenAskedTo) {
    start();
    Client client(port());
    const Seen seen = client.ask(get("/hello", "Connection: Keep-Alive, Close\r\n"));
    EXPECT_EQ(seen.status, 200);
    EXPECT_EQ(seen.header("Connection"), "close");
    EXPECT_TRUE(client.ends());

    Client old(port());
    EXPECT_EQ(old.ask("GET /hello HTTP/1.0\r\nHost: test\r\n\r\n").header("Connection"), "close");
    EXPECT_TRUE(old.ends());
}

TEST_F(Server, AnswersAClientThatHasStoppedSending) {
    start();
    Client client(port());
    client.send(get("/hello"));
    client.finish_sending();
    EXPECT_EQ(client.receive().status, 200);
    EXPECT_TRUE(client.ends());
}

TEST_F(Server, EchoesAGoodRequestIdAndReplacesABadOne) {
    start();
    Client client(port());
    EXPECT_EQ(client.ask(get("/hello", "X-Request-Id: a.B_9-z\r\n")).header("X-Request-Id"),
              "a.B_9-z");
    for (const std::string& bad :
         {std::string("a b"), std::string("\"x\""), std::string(65, 'a')}) {
        const Seen seen = client.ask(get("/nowhere", "X-Request-Id: " + bad + "\r\n"));
        EXPECT_EQ(seen.header("X-Request-Id").rfind("req_", 0), 0u);
        EXPECT_EQ(seen.json().string_or("request_id"), seen.header("X-Request-Id"));
    }
}

TEST_F(Server, AnswersForHandlersThatMisbehave) {
    start();
    Client client(port());
    for (const char* path : {"/dropped", "/thrown", "/split"}) {
        const Seen seen = client.ask(get(path));
        EXPECT_EQ(seen.status, 500) << path;
        EXPECT_EQ(seen.code(), "internal") << path;
        EXPECT_EQ(seen.body.find("secret"), std::string::npos);
        EXPECT_EQ(seen.head.find("Set-Cookie"), std::string::npos);
    }
    EXPECT_EQ(client.ask(get("/hello")).status, 200);
}

TEST_F(Server, TakesAnAnswerFromAnotherThread) {
    start();
    Client client(port());
    client.send(get("/held"));
    ASSERT_TRUE(becomes_true([this] { return !held_.empty(); }));
    std::shared_ptr<Responder> responder;
    on_loop([&] { responder = std::exchange(held_, {}).front(); });
    std::thread([responder = std::move(responder)]() mutable {
        responder->send(Reply::text(200, "from afar"));
        responder.reset();
    }).join();
    EXPECT_EQ(client.receive().body, "from afar");
}

TEST_F(Server, SurvivesAClientThatLeavesBeforeTheAnswer) {
    start();
    {
        Client client(port());
        client.send(get("/held"));
        ASSERT_TRUE(becomes_true([this] { return !held_.empty(); }));
    }
    release();
    EXPECT_TRUE(becomes_true([this] { return server_->connections() == 0; }));
    EXPECT_EQ(Client(port()).ask(get("/hello")).status, 200);
}

TEST_F(Server, InvitesTheBodyThatIsExpectedToBeInvited) {
    start();
    Client client(port());
    client.send(
        "PUT /echo HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n"
        "Content-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_EQ(client.receive(true).status, 100);
    EXPECT_EQ(client.ask("{}").status, 200);
}

TEST_F(Server, TakesABodyOfOneMebibyteAndNoMore) {
    start();
    Client client(port());
    const std::string most = '"' + std::string(1024 * 1024 - 2, 'x') + '"';
    EXPECT_EQ(client.ask(with_body("PUT", "/echo", most)).body.size(), most.size());
    const Seen seen = client.ask(with_body("PUT", "/echo", most + " "));
    EXPECT_EQ(seen.status, 413);
    EXPECT_EQ(seen.code(), "too-large");
    EXPECT_TRUE(client.ends());
}

TEST_F(Server, BoundsTheMemoryOfAllBodiesTogether) {
    start({.bodies_bytes_max = 1000});
    Client first(port());
    const std::string body = '"' + std::string(700, 'x') + '"';
    const std::string request = with_body("PUT", "/echo", body);
    first.send(request.substr(0, request.size() - 1));
    const auto refused = [&] {
        const Seen seen = Client(port()).ask(request);
        return seen.status == 503 && seen.header("Retry-After") == "1";
    };
    // The first one's header may still be on its way.
    bool once = false;
    for (int i = 0; i < 1000 && !once; ++i) once = refused();
    EXPECT_TRUE(once);
    EXPECT_EQ(first.ask("\"").status, 200);
    EXPECT_EQ(Client(port()).ask(request).status, 200);
}

TEST_F(Server, ServesOthersWhileARequestIsInWork) {
    start();
    Client waiting(port());
    waiting.send(get("/held"));
    EXPECT_EQ(Client(port()).ask(get("/hello")).status, 200);
    release();
    EXPECT_EQ(waiting.receive().status, 200);
}

}  // namespace

}  // namespace evenkeel::http
