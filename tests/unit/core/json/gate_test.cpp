#include <string>

#include <gtest/gtest.h>
#include <pthread.h>

#include "core/json/json.hpp"

// What must not get through the gate, and must not hurt it.
namespace evenkeel::json {
namespace {

using namespace std::string_literals;

// Parses on a thread with as little stack as there may be: recursion would crash.
struct OnSmallStack {
    std::string text;
    Errc code = Errc::internal;

    static void* run(void* self) {
        auto* const own = static_cast<OnSmallStack*>(self);
        const auto parsed = parse(own->text, {.bytes = 4 << 20});
        if (!parsed) own->code = parsed.error().code;
        return nullptr;
    }
    Errc parse_there() {
        pthread_attr_t attributes;
        pthread_attr_init(&attributes);
        pthread_attr_setstacksize(&attributes, 128 * 1024);
        pthread_t thread = {};
        EXPECT_EQ(pthread_create(&thread, &attributes, run, this), 0);
        pthread_join(thread, nullptr);
        pthread_attr_destroy(&attributes);
        return code;
    }
};

TEST(Gate, RefusesWhatFollowsAZeroByte) {
    for (const std::string& text : {"{}\0rubbish"s, "{}\0"s, "{} \0{}"s, "1\0"s, "\0{}"s}) {
        const auto parsed = parse(text);
        ASSERT_FALSE(parsed) << text.size();
        EXPECT_EQ(parsed.error().code, Errc::invalid);
    }
    EXPECT_NE(parse("{}\0x"s).error().what.find("a zero byte at line 1, column 3"),
              std::string::npos);
}

TEST(Gate, RefusesAMegabyteOfBracketsOnASmallStack) {
    EXPECT_EQ(OnSmallStack{std::string(1 << 20, '[')}.parse_there(), Errc::limit);
    std::string objects;
    for (int i = 0; i < 200'000; ++i) objects += "{\"a\":";
    EXPECT_EQ(OnSmallStack{objects}.parse_there(), Errc::limit);
}

TEST(Gate, AllowsExactlyTheDepthGiven) {
    const auto nested = [](std::size_t depth) {
        return std::string(depth, '[') + std::string(depth, ']');
    };
    EXPECT_TRUE(parse(nested(64)));
    EXPECT_EQ(parse(nested(65)).error().code, Errc::limit);
    EXPECT_EQ(parse(nested(65), {.depth = 1000}).error().code, Errc::limit);
    EXPECT_TRUE(parse(nested(3), {.depth = 3}));
    EXPECT_EQ(parse(nested(4), {.depth = 3}).error().code, Errc::limit);
}

TEST(Gate, AllowsExactlyTheSizeGiven) {
    EXPECT_TRUE(parse("[1,2]", {.bytes = 5}));
    EXPECT_EQ(parse("[1,2]", {.bytes = 4}).error().code, Errc::limit);
}

TEST(Gate, RefusesAMemberNamedTwiceAtEveryLevel) {
    EXPECT_EQ(parse(R"({"a":1,"a":1})").error().code, Errc::invalid);
    EXPECT_EQ(parse(R"({"x":[{"a":1,"b":2,"a":3}]})").error().code, Errc::invalid);
    EXPECT_EQ(parse(R"({"a":1,"\u0061":2})").error().code, Errc::invalid);
    EXPECT_TRUE(parse(R"({"a":{"a":1},"b":{"a":2}})"));
    EXPECT_NE(parse(R"({"a":1,"a":2})").error().what.find("'a'"), std::string::npos);
}

TEST(Gate, RefusesBytesThatAreNotUtf8) {
    for (const std::string& bad : {"\"\xff\""s, "\"\xc0\xaf\""s, "\"\xed\xa0\x80\""s,
                                   "\"\xf8\x88\x80\x80\x80\""s, "{\"\x80\":1}"s, "\"\xe2\x82\""s}) {
        EXPECT_EQ(parse(bad).error().code, Errc::invalid);
    }
}

TEST(Gate, RefusesLoneSurrogates) {
    EXPECT_FALSE(parse(R"("\ud800")"));
    EXPECT_FALSE(parse(R"("\udc00")"));
    EXPECT_FALSE(parse(R"("\ud800\u0041")"));
    EXPECT_EQ(parse(R"("\ud83d\ude00")")->as_string(), "😀");
}

TEST(Gate, RefusesWhatIsNotJson) {
    for (const char* bad :
         {"",      " ",      "NaN",     "[NaN]",     "Infinity", "-Infinity", "[1,]",  "{\"a\":1,}",
          "{a:1}", "'a'",    "[1 2]",   "01",        "+1",       ".5",        "1.",    "1e",
          "0x10",  "tru",    "nul",     "\"a",       "[",        "{",         "]",     "// c\n1",
          "/**/1", "\"\t\"", "\"\\x\"", "\"\\u12\"", "{\"a\"}",  "1e400",     "-1e400"}) {
        const auto parsed = parse(bad);
        ASSERT_FALSE(parsed) << bad;
        EXPECT_EQ(parsed.error().code, Errc::invalid) << bad;
    }
}

TEST(Gate, RefusesWhatComesAfterTheDocument) {
    for (const std::string& bad : {"1 2"s, "{} {}"s, "[]x"s, "null\0"s, "{}\0{}"s, "1,"s}) {
        EXPECT_EQ(parse(bad).error().code, Errc::invalid);
    }
    EXPECT_TRUE(parse(" \t\r\n{} \t\r\n"));
}

TEST(Gate, RefusesAByteOrderMark) {
    EXPECT_FALSE(parse("\xef\xbb\xbf{}"));
}

TEST(Gate, SaysAtWhichLineAndColumnItIsWrong) {
    const auto why = [](std::string_view text) { return parse(text).error().what; };
    EXPECT_NE(why("[1,2,x]").find("at line 1, column 6"), std::string::npos);
    EXPECT_NE(why("{\n  \"ü\": x}").find("at line 2, column 8"), std::string::npos);
    EXPECT_NE(why("[\n\n").find("at line 3, column 1"), std::string::npos);
}

TEST(Gate, KeepsZeroCharactersAndWhatFollows) {
    const auto value = parse(R"("a\u0000b")");
    ASSERT_TRUE(value);
    EXPECT_EQ(value->as_string(), "a\0b"s);
    EXPECT_EQ(write(*value), R"("a\u0000b")");
    const auto object = parse(R"({"a\u0000":1,"a":2})");
    ASSERT_TRUE(object);
    EXPECT_EQ(object->find("a\0"s)->as_integer(), 1);
}

TEST(Gate, TakesManyMembersInReasonableTime) {
    std::string text = "{";
    for (int i = 0; i < 50'000; ++i) text += "\"" + std::to_string(i) + "\":0,";
    text.back() = '}';
    const auto value = parse(text);
    ASSERT_TRUE(value);
    EXPECT_EQ(value->as_object().size(), 50'000U);
}

}  // namespace
}  // namespace evenkeel::json
