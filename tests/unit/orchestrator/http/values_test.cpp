#include <gtest/gtest.h>

#include "core/base/log.hpp"
#include "core/base/text.hpp"
#include "orchestrator/http/conditional.hpp"
#include "orchestrator/http/header_values.hpp"
#include "orchestrator/http/listen_address.hpp"
#include "orchestrator/http/responder.hpp"
#include "orchestrator/http/target.hpp"
#include "tests/unit/orchestrator/http/taken.hpp"

namespace evenkeel::http {

namespace {

Request get(std::string_view target) {
    Request request;
    request.method = "GET";
    EXPECT_FALSE(read_target(target, request)) << target;
    return request;
}

Code refusal(std::string_view target) {
    Request request;
    request.method = "GET";
    const auto problem = read_target(target, request);
    EXPECT_TRUE(problem) << target;
    return problem ? problem->code : Code::internal;
}

TEST(Target, KeepsAnEncodedSlashInItsSegment) {
    const Request request = get("/v1/a%2Fb/c%20d?x=1");
    EXPECT_EQ(request.target, "/v1/a%2Fb/c%20d");
    EXPECT_EQ(request.segments, (std::vector<std::string>{"v1", "a/b", "c d"}));
    EXPECT_EQ(request.raw_segments, (std::vector<std::string>{"v1", "a%2Fb", "c%20d"}));
}

TEST(Target, DecodesQueryParameters) {
    const Request request = get("/a?filter=a%20=%20b&x=1+2%2B3&empty=&none&&%C3%A4=%E2%82%AC");
    EXPECT_EQ(*request.parameter("filter"), "a = b");
    EXPECT_EQ(*request.parameter("x"), "1 2+3");
    EXPECT_EQ(*request.parameter("empty"), "");
    EXPECT_EQ(*request.parameter("none"), "");
    EXPECT_EQ(*request.parameter("ä"), "€");
    EXPECT_EQ(request.parameter("y"), nullptr);
}

TEST(Target, RefusesWhatIsUnclear) {
    EXPECT_EQ(refusal("/a?x=1&x=2"), Code::invalid_parameter);
    EXPECT_EQ(refusal("/a?x=1&%78=2"), Code::invalid_parameter);
    EXPECT_EQ(refusal("/a?x=%ff"), Code::invalid_parameter);
    EXPECT_EQ(refusal("/a?token=x"), Code::unknown_parameter);
    EXPECT_EQ(refusal("/a%00"), Code::invalid_id);
    EXPECT_EQ(refusal("/a%c0%af"), Code::invalid_id);
    EXPECT_EQ(refusal("/a%"), Code::bad_request);
    EXPECT_EQ(refusal("http://a/b"), Code::bad_request);
    EXPECT_EQ(refusal(""), Code::bad_request);
    EXPECT_EQ(refusal("/a\\b"), Code::bad_request);
}

Request with_header(std::string name, std::string value) {
    Request request;
    request.headers[std::move(name)] = std::move(value);
    return request;
}

TEST(Conditional, AnEqualTagIsNotModified) {
    const std::string tag = etag_of(7);
    EXPECT_EQ(tag, "\"7\"");
    for (const char* match : {"\"7\"", "W/\"7\"", "\"6\", \"7\"", "*"}) {
        const auto reply = not_modified(with_header("if-none-match", match), tag);
        ASSERT_TRUE(reply) << match;
        EXPECT_EQ(reply->status, 304);
        EXPECT_EQ(*reply->header("ETag"), tag);
    }
    EXPECT_FALSE(not_modified(with_header("if-none-match", "\"8\", 7"), tag));
    EXPECT_FALSE(not_modified(Request{}, tag));
}

TEST(Conditional, IfMatchMustNameTheCurrentTag) {
    EXPECT_FALSE(check_preconditions(Request{}, "\"7\""));
    EXPECT_FALSE(check_preconditions(with_header("if-match", "\"6\", \"7\""), "\"7\""));
    EXPECT_FALSE(check_preconditions(with_header("if-match", "*"), "\"7\""));
    EXPECT_TRUE(check_preconditions(with_header("if-match", "*"), ""));
    EXPECT_TRUE(check_preconditions(with_header("if-match", "W/\"7\""), "\"7\""));
    const auto problem = check_preconditions(with_header("if-match", "\"6\""), "\"7\"");
    ASSERT_TRUE(problem);
    EXPECT_EQ(problem->code, Code::precondition_failed);
    EXPECT_EQ(problem->headers.front().second, "\"7\"");
}

TEST(Conditional, AStarInIfNoneMatchOnlyCreates) {
    EXPECT_TRUE(check_preconditions(with_header("if-none-match", "*"), "\"7\""));
    EXPECT_FALSE(check_preconditions(with_header("if-none-match", "*"), ""));
    EXPECT_FALSE(check_preconditions(with_header("if-none-match", "\"6\""), "\"7\""));
}

TEST(Conditional, ReadsHowLongToWait) {
    const auto wait = [](const char* prefer) {
        return preferred_wait(with_header("prefer", prefer)).value_or(std::chrono::seconds(0));
    };
    EXPECT_EQ(wait("wait=10").count(), 10);
    EXPECT_EQ(wait("respond-async, Wait = 5; x").count(), 5);
    EXPECT_EQ(wait("wait=3600").count(), 60);
    EXPECT_EQ(wait("wait=0").count(), 0);
    EXPECT_EQ(wait("wait=-1").count(), 0);
    EXPECT_EQ(wait("wait").count(), 0);
}

TEST(Problem, SaysEverythingThatTheStandardAsksFor) {
    Request request;
    request.target = "/v1/a";
    request.request_id = "req_1";
    Problem problem{Code::invalid_state, "it is retired"};
    problem.errors.push_back({"/name", "too-long", "at most 64"});
    problem.more.set("allowed", json::Array{"active"});
    problem.more.set("status", 200);
    const Reply reply = to_reply(problem, request);
    EXPECT_EQ(reply.status, 409);
    EXPECT_EQ(reply.content_type, "application/problem+json");
    EXPECT_EQ(json::parse(reply.body).value_or(json::Value()),
              (json::Object{{"type", "/problems/invalid-state"},
                            {"title", "Its state does not permit this"},
                            {"status", 409},
                            {"detail", "it is retired"},
                            {"instance", "/v1/a"},
                            {"code", "invalid-state"},
                            {"request_id", "req_1"},
                            {"errors", json::Array{json::Object{{"pointer", "/name"},
                                                                {"code", "too-long"},
                                                                {"detail", "at most 64"}}}},
                            {"allowed", json::Array{"active"}}}));
}

TEST(Problem, QuotesLittleOfWhatWasSent) {
    Problem problem{Code::invalid_description, std::string(300'000, 'x')};
    std::string umlauts;
    for (int i = 0; i < 1000; ++i) umlauts += "\u00e4";
    for (int i = 0; i < 1000; ++i)
        problem.errors.push_back({"/" + std::string(5'000, 'p'), "invalid", "x" + umlauts});
    const Reply reply = to_reply(problem, "/v1/" + std::string(8'000, 'h'), "req_1");
    const json::Value document = json::parse(reply.body).value();
    EXPECT_LE(document["detail"].as_string().size(), 1'003u);
    EXPECT_LE(document["instance"].as_string().size(), 1'003u);
    ASSERT_EQ(document["errors"].as_array().size(), 100u);
    EXPECT_LE(document["errors"].as_array()[0]["pointer"].as_string().size(), 1'003u);
    EXPECT_TRUE(is_utf8(document["errors"].as_array()[0]["detail"].as_string()));
}

TEST(Problem, ATokenIsAskedForByItsScheme) {
    const Reply reply = to_reply(Problem{Code::unauthenticated, "no token"}, Request{});
    EXPECT_EQ(*reply.header("www-authenticate"), "Bearer");
}

TEST(Problem, HidesWhatOnlyTheLogMayKnow) {
    log::set_level(log::Level::off);
    EXPECT_EQ(problem_from({Errc::not_found, "no host web1"}).detail, "no host web1");
    EXPECT_EQ(problem_from({Errc::internal, "open /var/lib/x"}).detail.find("/var"),
              std::string::npos);
    EXPECT_EQ(status_of(problem_from({Errc::busy, ""}).code), 503);
    EXPECT_EQ(status_of(problem_from({Errc::limit, ""}).code), 413);
    EXPECT_EQ(status_of(problem_from({Errc::conflict, ""}).code), 409);
}

TEST(Responder, AnswersOnceAndNeverNot) {
    log::set_level(log::Level::off);
    std::vector<int> sent;
    const auto send = [&](const Reply& reply) { sent.push_back(reply.status); };
    {
        Responder responder(Request{}, send, nullptr);
        responder.send(Reply::empty(204));
        responder.send(Reply::empty(200));
        EXPECT_EQ(responder.open_stream(), nullptr);
    }
    { const Responder dropped(Request{}, send, nullptr); }
    EXPECT_EQ(sent, (std::vector{204, 500}));
}

TEST(Stream, QueuesUpToItsBoundAndTellsWhyItEnds) {
    Stream stream(100);
    int closed = 0;
    stream.on_closed([&] { ++closed; });
    EXPECT_TRUE(stream.send("1", "e", std::string(200, 'x')));  // alone it may be larger
    EXPECT_FALSE(stream.has_room_for(1));
    EXPECT_EQ(taken(stream).size(), 200u + std::string("id: 1\nevent: e\ndata: \n\n").size());
    EXPECT_FALSE(stream.send("2", "e", "still on its way"));
    EXPECT_EQ(closed, 1);
    EXPECT_FALSE(stream.is_open());
    EXPECT_EQ(taken(stream), "event: error\ndata: {\"code\":\"slow-consumer\"}\n\n");
    EXPECT_EQ(taken(stream), "");
}

TEST(Stream, CallsBackWhenDrainedAndWhenClosed) {
    Stream stream(100);
    int drained = 0;
    stream.on_drained([&] { ++drained; });
    stream.send("1", "e", "a");
    taken(stream);
    stream.send("2", "e", "b");
    stream.written();
    EXPECT_EQ(drained, 0);
    taken(stream);
    stream.written();
    EXPECT_EQ(drained, 1);
    stream.close();
    bool told = false;
    stream.on_closed([&] { told = true; });
    EXPECT_TRUE(told);
}

TEST(Stream, EndsEveryKindOfLineInTheData) {
    Stream stream;
    stream.send("", "", "a\r\nb\rc\nd\n");
    EXPECT_EQ(taken(stream), "data: a\ndata: b\ndata: c\ndata: d\ndata: \n\n");
}

TEST(Listen, ReadsAddresses) {
    EXPECT_TRUE(parse_listen("127.0.0.1:7780")->loopback);
    EXPECT_TRUE(parse_listen("localhost:1")->loopback);
    EXPECT_TRUE(parse_listen("[::1]:0")->loopback);
    EXPECT_FALSE(parse_listen(":7780")->loopback);
    EXPECT_FALSE(parse_listen("10.0.0.1:80")->loopback);
    EXPECT_EQ(parse_listen("[2001:db8::1]:80")->host, "2001:db8::1");
    for (const char* bad : {"", "7780", "1.2.3.4", "::1:80", "host:80", "127.0.0.1:65536",
                            "a:", "127.0.0.1:-1", "127.1:80"}) {
        EXPECT_FALSE(parse_listen(bad)) << bad;
    }
    EXPECT_EQ(join_address("::1", 80), "[::1]:80");
}

TEST(Fields, AreReadAsTheStandardHasThem) {
    EXPECT_EQ(list_items(R"( a , "b,c",, d)"),
              (std::vector<std::string_view>{"a", R"("b,c")", "d"}));
    EXPECT_TRUE(has_token("keep-alive, Close", "close"));
    EXPECT_FALSE(has_token("closed", "close"));
    EXPECT_EQ(media_type("Application/JSON ; charset=utf-8"), "application/json");
    EXPECT_FALSE(is_token(""));
    EXPECT_FALSE(is_token("a b"));
}

}  // namespace

}  // namespace evenkeel::http
