#include "sdk/client/cpp/sse.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace evenkeel::client {
namespace {

struct Taken {
    std::vector<std::string> names;
    std::vector<std::string> data;

    SseParser::OnEvent taker() {
        return [this](const std::string& name, const std::string& text) {
            names.push_back(name);
            data.push_back(text);
            return true;
        };
    }
};

TEST(Sse, ReadsTheSameHoweverTheBytesAreCut) {
    const std::string stream =
        ": a comment\r\n\r\nid: 1\r\nevent: a\r\ndata: one\r\ndata:two\r\n\r\n"
        "data\n\nid: 2\rdata:  three\r\rdata: cut off";
    for (std::size_t size = 1; size <= stream.size(); ++size) {
        SseParser parser;
        Taken taken;
        for (std::size_t at = 0; at < stream.size(); at += size) {
            ASSERT_TRUE(parser.feed(std::string_view(stream).substr(at, size), taken.taker()));
        }
        EXPECT_EQ(taken.data, (std::vector<std::string>{"one\ntwo", "", " three"}));
        EXPECT_EQ(taken.names, (std::vector<std::string>{"a", "message", "message"}));
        EXPECT_EQ(parser.last_id(), "2");
    }
}

TEST(Sse, CountsAnIdOnlyOnceItsEventIsComplete) {
    SseParser parser;
    Taken taken;
    EXPECT_TRUE(parser.feed("id: 1\ndata: a\n\nid: 2\ndata: b\n", taken.taker()));
    EXPECT_EQ(parser.last_id(), "1");
    EXPECT_TRUE(parser.feed("\n", taken.taker()));
    EXPECT_EQ(parser.last_id(), "2");
}

TEST(Sse, KeepsTheIdThroughEventsThatHaveNone) {
    SseParser parser;
    Taken taken;
    EXPECT_TRUE(parser.feed("id: 1\ndata: a\n\ndata: progress\n\n", taken.taker()));
    EXPECT_EQ(taken.data.size(), 2u);
    EXPECT_EQ(parser.last_id(), "1");
}

TEST(Sse, StopsWhenTheTakerSaysSo) {
    SseParser parser;
    int count = 0;
    EXPECT_FALSE(parser.feed("data: a\n\ndata: b\n\n", [&count](const auto&, const auto&) {
        ++count;
        return false;
    }));
    EXPECT_EQ(count, 1);
    EXPECT_FALSE(parser.broke_a_bound());
}

TEST(Sse, RefusesAnEventWithoutEnd) {
    Taken taken;
    SseParser one_line;
    EXPECT_FALSE(one_line.feed(std::string(3 << 20, 'x'), taken.taker()));
    EXPECT_TRUE(one_line.broke_a_bound());
    SseParser many_lines;
    std::string lines;
    for (int i = 0; i < 40'000; ++i) lines += "data: " + std::string(64, 'x') + "\n";
    EXPECT_FALSE(many_lines.feed(lines, taken.taker()));
    EXPECT_TRUE(many_lines.broke_a_bound());
}

TEST(Sse, KeepsTheServersRetryWithinBounds) {
    SseParser parser;
    Taken taken;
    EXPECT_TRUE(parser.feed("retry: x\n", taken.taker()));
    EXPECT_FALSE(parser.retry());
    EXPECT_TRUE(parser.feed("retry: 2000\n", taken.taker()));
    EXPECT_EQ(*parser.retry(), std::chrono::milliseconds(2000));
    EXPECT_TRUE(parser.feed("retry: 0\n", taken.taker()));
    EXPECT_EQ(*parser.retry(), std::chrono::milliseconds(50));
    EXPECT_TRUE(parser.feed("retry: 99999999999\n", taken.taker()));
    EXPECT_EQ(*parser.retry(), std::chrono::seconds(30));
}

}  // namespace
}  // namespace evenkeel::client
