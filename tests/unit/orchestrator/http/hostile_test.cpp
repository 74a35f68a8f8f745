#include <array>

#include <sys/socket.h>

#include "tests/unit/orchestrator/http/serving.hpp"

// Raw bytes that servers and intermediaries are known to read in two ways, or that try to make
// ours work too much. Each is answered and its connection closed, and the next one is served.
namespace evenkeel::http {

namespace {

struct Case {
    const char* name;
    std::string bytes;
    int status;
};

// One request line and Host, with the lines between and the end.
std::string post(std::string_view lines, std::string_view rest = "") {
    std::string text = "POST /things/1:kick HTTP/1.1\r\nHost: test\r\n";
    return text.append(lines).append("\r\n").append(rest);
}

std::string line(std::string_view request_line) {
    return std::string(request_line) + "\r\nHost: test\r\n\r\n";
}

// What would run as a second request if the first one's end were misread.
const std::string kSmuggled = "GET /hello HTTP/1.1\r\nHost: test\r\n\r\n";

std::vector<Case> framing() {
    return {
        {"two hosts", post("Host: other\r\n"), 400},
        {"two equal hosts", post("Host: test\r\n"), 400},
        {"no host", "GET /hello HTTP/1.1\r\n\r\n", 400},
        {"no host in 1.0", "GET /hello HTTP/1.0\r\n\r\n", 400},
        {"empty host", "GET /hello HTTP/1.1\r\nHost:\r\n\r\n", 400},
        {"host list", "GET /hello HTTP/1.1\r\nHost: a, b\r\n\r\n", 400},
        {"host with user", "GET /hello HTTP/1.1\r\nHost: a@b\r\n\r\n", 400},
        {"two lengths", post("Content-Length: 0\r\nContent-Length: 5\r\n", kSmuggled), 400},
        {"two equal lengths", post("Content-Length: 0\r\nContent-Length: 0\r\n", kSmuggled), 400},
        {"length list", post("Content-Length: 0, 0\r\n", kSmuggled), 400},
        {"signed length", post("Content-Length: +0\r\n", kSmuggled), 400},
        {"negative length", post("Content-Length: -1\r\n", kSmuggled), 400},
        {"hex length", post("Content-Length: 0x10\r\n", kSmuggled), 400},
        {"length with a space", post("Content-Length: 1 0\r\n", kSmuggled), 400},
        {"empty length", post("Content-Length:\r\n", kSmuggled), 400},
        {"length past 64 bits", post("Content-Length: 18446744073709551617\r\n"), 413},
        {"huge length", post("Content-Length: 99999999999\r\n"), 413},
        {"chunked", post("Transfer-Encoding: chunked\r\n", "0\r\n\r\n" + kSmuggled), 411},
        {"length and chunked",
         post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n" + kSmuggled), 411},
        {"gzip coding", post("Transfer-Encoding: gzip\r\n", kSmuggled), 411},
        {"unknown coding", post("Transfer-Encoding: xchunked\r\n", kSmuggled), 411},
        {"chunked not last", post("Transfer-Encoding: chunked, gzip\r\n", kSmuggled), 411},
        {"identity", post("Transfer-Encoding: identity\r\n", kSmuggled), 411},
        {"two codings", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n"), 411},
        {"coding in other case", post("tRANSFER-eNCODING: CHUNKED\r\n", kSmuggled), 411},
        {"tab before the coding", post("Transfer-Encoding:\tchunked\r\n", kSmuggled), 411},
        {"chunked in 1.0",
         "POST /things/1:kick HTTP/1.0\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n", 411},
        {"authorization in a trailer",
         post("Transfer-Encoding: chunked\r\nTrailer: Authorization\r\n",
              "0\r\nAuthorization: Bearer x\r\n\r\n"),
         411},
        {"chunk extension of a megabyte",
         post("Transfer-Encoding: chunked\r\n", "1;a=" + std::string(1 << 20, 'x') + "\r\n"), 411},
    };
}

std::string flood_of_empty_lines() {
    std::string text;
    for (int i = 0; i < 100'000; ++i) text += "\r\n";
    return text;
}

std::vector<Case> lines() {
    const std::string nul("X-A: a\0b\r\n", 10);
    return {
        {"three empty lines", "\r\n\r\n\r\n" + kSmuggled, 400},
        {"a flood of empty lines", flood_of_empty_lines(), 400},
        {"bare line feeds", "GET /hello HTTP/1.1\nHost: test\n\n", 400},
        {"one bare line feed", "GET /hello HTTP/1.1\r\nHost: test\nX-A: b\r\n\r\n", 400},
        {"bare carriage return", post("X-A: a\rContent-Length: 5\r\n"), 400},
        {"folded line", post("X-A: a\r\n Content-Length: 5\r\n"), 400},
        {"folded first line", "GET /hello HTTP/1.1\r\n Host: test\r\n\r\n", 400},
        {"space before the colon", post("Content-Length : 5\r\n"), 400},
        {"tab before the colon", post("Transfer-Encoding\t: chunked\r\n"), 400},
        {"space before the name", post("X-A: b\r\n\tTransfer-Encoding: chunked\r\n"), 400},
        {"no colon", post("Content-Length\r\n"), 400},
        {"empty name", post(": x\r\n"), 400},
        {"NUL in a value", post(nul), 400},
        {"escape in a value", post("X-A: \x1b[2J\r\n"), 400},
        {"value that is not UTF-8", post("X-A: \xff\r\n"), 400},
        {"quotes in a name", post("\"Content-Length\": 5\r\n"), 400},
        {"two authorizations", post("Authorization: Bearer a\r\nAuthorization: Bearer b\r\n"), 400},
        {"unknown expectation", post("Expect: tea\r\n"), 400},
        {"no version", line("GET /hello"), 400},
        {"version 0.9", "GET /hello\r\n\r\n", 400},
        {"version 2.0", line("GET /hello HTTP/2.0"), 400},
        {"preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400},
        {"version 1.2", line("GET /hello HTTP/1.2"), 400},
        {"version in lower case", line("GET /hello http/1.1"), 400},
        {"space behind the version", line("GET /hello HTTP/1.1 "), 400},
        {"two spaces", line("GET  /hello HTTP/1.1"), 400},
        {"space in the target", line("GET /hel lo HTTP/1.1"), 400},
        {"tab in the request line", line("GET\t/hello\tHTTP/1.1"), 400},
        {"method that is no token", line("G@T /hello HTTP/1.1"), 400},
        {"TLS on a plain port", std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\r\n\r\n", 14),
         400},
        {"a length that is not kept", post("Content-Length: 10\r\n", "{}"), 400},
    };
}

std::vector<Case> targets() {
    const std::string many = [] {
        std::string text;
        for (int i = 0; i < 200; ++i) text += "X-A: b\r\n";
        return text;
    }();
    return {
        {"absolute form", line("GET http://other/hello HTTP/1.1"), 400},
        {"authority form", line("CONNECT other:443 HTTP/1.1"), 400},
        {"asterisk form", line("OPTIONS * HTTP/1.1"), 400},
        {"no slash", line("GET hello HTTP/1.1"), 400},
        {"fragment", line("GET /hello#a HTTP/1.1"), 400},
        {"broken escape", line("GET /hel%2 HTTP/1.1"), 400},
        {"no hex", line("GET /hel%zzlo HTTP/1.1"), 400},
        {"NUL in a segment", line("GET /things/a%00b HTTP/1.1"), 400},
        {"a segment that is not UTF-8", line("GET /things/%ff HTTP/1.1"), 400},
        {"raw bytes", line("GET /things/\xc3\xa4 HTTP/1.1"), 400},
        {"brackets", line("GET /things/{1} HTTP/1.1"), 400},
        {"token in the query", line("GET /hello?token=abc HTTP/1.1"), 400},
        {"escaped token in the query", line("GET /hello?%74oken=abc HTTP/1.1"), 400},
        {"parameter twice", line("GET /hello?a=1&a=1 HTTP/1.1"), 400},
        {"NUL in the query", line("GET /hello?a=%00 HTTP/1.1"), 400},
        {"target of 9000 bytes", line("GET /" + std::string(9000, 'a') + " HTTP/1.1"), 414},
        {"request line without end", "GET /" + std::string(60'000, 'a'), 414},
        {"header of 100 KB", post("X-A: " + std::string(100'000, 'a') + "\r\n"), 431},
        {"header without end", "GET / HTTP/1.1\r\nX-A: " + std::string(100'000, 'a'), 431},
        {"200 header fields", post(many), 431},
    };
}

class Hostile : public Serving {
  protected:
    void refuse_all(const std::vector<Case>& cases) {
        start();
        const json::Value declared = Client(port()).ask(get("/v1/openapi.json")).json();
        const json::Value& required = declared["components"]["schemas"]["Problem"]["required"];
        ASSERT_TRUE(required.is_array());
        for (const Case& one : cases) {
            Client client(port());
            client.send(one.bytes);
            client.finish_sending();
            const Seen seen = client.receive();
            EXPECT_EQ(seen.status, one.status) << one.name;
            EXPECT_NE(seen.code(), "") << one.name << ": " << seen.head;
            for (const json::Value& member : required.as_array()) {
                EXPECT_TRUE(seen.json().find(member.as_string()))
                    << one.name << ": no " << member.as_string();
            }
            EXPECT_EQ(seen.json().integer_or("status"), one.status) << one.name;
            EXPECT_EQ(seen.json().string_or("request_id"), seen.header("X-Request-Id")) << one.name;
            EXPECT_EQ(seen.header("Connection"), "close") << one.name;
            EXPECT_EQ(client.receive().status, 0) << one.name << ": a second answer";
            EXPECT_EQ(Client(port()).ask(get("/hello")).status, 200) << "after " << one.name;
        }
    }
};

TEST_F(Hostile, UnclearFramingIsRefused) {
    refuse_all(framing());
}

TEST_F(Hostile, UnclearLinesAreRefused) {
    refuse_all(lines());
}

TEST_F(Hostile, BadTargetsAndOversizeAreRefused) {
    refuse_all(targets());
}

// Boost 1.81's parser throws std::length_error out of io_context::run() on this one.
TEST_F(Hostile, ATrailerOf200KilobytesDoesNoHarm) {
    start();
    Client client(port());
    client.send(post("Transfer-Encoding: chunked\r\n",
                     "2\r\n{}\r\n0\r\nX-Big: " + std::string(200'000, 'a') + "\r\n\r\n"));
    EXPECT_EQ(client.receive().status, 411);
    EXPECT_TRUE(client.ends());
    EXPECT_EQ(Client(port()).ask(get("/hello")).status, 200);
}

// A socket that is closed with unread bytes sends a reset, which may destroy the answer.
TEST_F(Hostile, WhatAClientStillSendsIsReadAfterTheAnswer) {
    start();
    Client client(port());
    client.send("PUT /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 3000000\r\n\r\n");
    EXPECT_EQ(client.receive().status, 413);
    EXPECT_TRUE(client.ends());
    for (int i = 0; i < 100; ++i) {
        ASSERT_TRUE(client.send(std::string(10'000, 'a'))) << "reset after " << i;
    }
}

TEST_F(Hostile, DeepOrDoubledJsonIsRefusedAndTheConnectionGoesOn) {
    start();
    Client client(port());
    for (const std::string& body :
         {std::string(1 << 20, '['), std::string(R"({"a":1,"a":2})"),
          std::string("{\"a\":\"\xff\"}"), std::string("{}{}"), std::string("")}) {
        const Seen seen = client.ask(with_body("PUT", "/echo", body));
        EXPECT_EQ(seen.status, 400) << body.substr(0, 20);
        EXPECT_EQ(seen.code(), "invalid-json") << body.substr(0, 20);
    }
    EXPECT_EQ(client.ask(get("/hello")).status, 200);
}

// No answer is expected, only that nothing falls over, whatever is thrown at it.
TEST_F(Hostile, RandomBytesDoNoHarm) {
    start();
    std::uint32_t random = 12345;
    const std::string seed =
        post("Content-Length: 2\r\nX-A: b\r\n", "{}") + get("/things/a%2Fb?c=d");
    for (int i = 0; i < 500; ++i) {
        std::string bytes = seed;
        for (int change = 0; change < 4; ++change) {
            random = random * 1664525 + 1013904223;
            bytes[(random >> 8) % bytes.size()] = static_cast<char>(random >> 24);
        }
        Client client(port());
        client.send(bytes);
        client.finish_sending();
        EXPECT_TRUE(client.ends());
    }
    EXPECT_EQ(Client(port()).ask(get("/hello")).status, 200);
}

}  // namespace

}  // namespace evenkeel::http
