#include "core/json/json.hpp"

#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <evenkeel/json.h>
#include <gtest/gtest.h>

namespace {

using evenkeel::json::parse;

ek_str borrow(std::string_view text) {
    return {text.data(), text.size()};
}

// Exactly as long as the text, so that a byte too far is seen by the sanitizer.
class Exact {
  public:
    explicit Exact(std::string_view text) : size_(text.size()), bytes_(new char[size_ + 1]) {
        std::memcpy(bytes_.get() + 1, text.data(), size_);
    }
    ek_str view() const { return {bytes_.get() + 1, size_}; }

  private:
    std::size_t size_;
    std::unique_ptr<char[]> bytes_;
};

const char* error_of(std::string_view text) {
    return ek_json_error(Exact(text).view());
}

std::string text_of(ek_str string) {
    std::size_t length = 0;
    char* copy = ek_json_copy_text(string, &length);
    std::string text = copy ? std::string(copy, length) : "(none)";
    std::free(copy);
    return text;
}

std::string nested(int levels) {
    return std::string(static_cast<std::size_t>(levels), '[') +
           std::string(static_cast<std::size_t>(levels), ']');
}

// What the gate of the host takes and refuses, this takes and refuses.
TEST(JsonForC, AgreesWithTheHost) {
    for (const std::string& text : std::vector<std::string>{"{}",
                                                            "[]",
                                                            "[[]]",
                                                            "[{}]",
                                                            "{\"a\":{\"b\":[1,2,{}]}}",
                                                            " [ 1 , \"x\" ] ",
                                                            "0",
                                                            "-0",
                                                            "-1.5e+3",
                                                            "true",
                                                            "null",
                                                            "\"\\ud83d\\ude00\"",
                                                            "\"\\u00e9\\n\"",
                                                            "\"\xC3\xA9\"",
                                                            "[1,]",
                                                            "[,1]",
                                                            "[1 2]",
                                                            "{\"a\"}",
                                                            "{\"a\":}",
                                                            "{\"a\":1,}",
                                                            "{,}",
                                                            "{1:2}",
                                                            "[}",
                                                            "{]",
                                                            "]",
                                                            "01",
                                                            "1.",
                                                            ".5",
                                                            "1e",
                                                            "-",
                                                            "+1",
                                                            "tru",
                                                            "truex",
                                                            "nul",
                                                            "\"",
                                                            "\"\\x\"",
                                                            "\"\\u12\"",
                                                            "\"\\ud800\"",
                                                            "\"\\udc00\"",
                                                            "\"\\ud800\\u0041\"",
                                                            "\"\n\"",
                                                            "\"\x80\"",
                                                            "\"\xC0\xAF\"",
                                                            "\"\xED\xA0\x80\"",
                                                            "\"\xF4\x90\x80\x80\"",
                                                            "\"\xC3",
                                                            "[1] 2",
                                                            "{} x",
                                                            "'a'",
                                                            "NaN",
                                                            "[\"a\", [\"b\"",
                                                            nested(64),
                                                            nested(65),
                                                            "",
                                                            " "})
        EXPECT_EQ(error_of(text) == nullptr, parse(text).has_value())
            << text << ": " << (error_of(text) ? error_of(text) : "taken");
}

TEST(JsonForC, AgreesWithTheHostOnBrokenText) {
    const std::string whole = R"({"a":[1,-2.5e3,"\u00e9\ud83d\ude00",{"b":null}],"c":{"d":true}})";
    std::mt19937 random(7);
    for (int i = 0; i < 20'000; ++i) {
        std::string text = whole;
        for (int edits = 1 + static_cast<int>(random() % 3); edits > 0; --edits) {
            const std::size_t at = random() % text.size();
            if (random() % 2 == 0) text.erase(at, 1 + random() % 4);
            else text[at] = "{}[]\",:\\0e-\x80tu"[random() % 15];
            if (text.empty()) text = "0";
        }
        const auto host = parse(text);
        // The host looks for names that are there twice, ek_json_member does when it is asked.
        if (!host && host.error().what.find("twice") != std::string::npos) continue;
        ASSERT_EQ(error_of(text) == nullptr, host.has_value()) << text;
    }
}

TEST(JsonForC, AMegabyteOfBracketsIsRefusedAtOnce) {
    EXPECT_STREQ(error_of(std::string(1 << 20, '[')), "it has more than 64 levels");
}

TEST(JsonForC, FindsMembers) {
    const std::string text = R"( {"a" : [1, {"x":2}], "t\u0065xt":"m\u0069lk\n", "n": -12 } )";
    ASSERT_EQ(ek_json_error(borrow(text)), nullptr);
    ek_str value;
    ASSERT_EQ(ek_json_member(borrow(text), "text", &value), 1);
    EXPECT_EQ(text_of(value), "milk\n");
    EXPECT_TRUE(ek_json_says(value, "milk\n", 5));
    EXPECT_FALSE(ek_json_says(value, "milk", 4));
    EXPECT_FALSE(ek_json_says(value, "milk\nx", 6));
    ASSERT_EQ(ek_json_member(borrow(text), "a", &value), 1);
    EXPECT_EQ(ek_json_kind(value), '[');
    EXPECT_EQ(std::string(value.ptr, value.len), R"([1, {"x":2}])");
    std::int64_t number = 0;
    ASSERT_EQ(ek_json_member(borrow(text), "n", &value), 1);
    EXPECT_EQ(ek_json_integer(value, &number), 1);
    EXPECT_EQ(number, -12);
    EXPECT_EQ(ek_json_member(borrow(text), "x", &value), 0);
    EXPECT_EQ(ek_json_member(borrow("[1]"), "x", &value), -1);
    EXPECT_EQ(ek_json_member(borrow(R"({"x":1,"\u0078":2})"), "x", &value), -1);
}

TEST(JsonForC, WalksOverArraysAndObjects) {
    std::string seen;
    ek_str name, value;
    ek_json_walk walk = ek_json_begin(borrow(R"([ "a", {"b":[]} , 3])"));
    while (ek_json_next(&walk, &name, &value)) {
        EXPECT_EQ(name.ptr, nullptr);
        seen += std::string(value.ptr, value.len) + "|";
    }
    walk = ek_json_begin(borrow(R"({"k" : 1,"l":[2] })"));
    while (ek_json_next(&walk, &name, &value))
        seen += std::string(name.ptr, name.len) + "=" + std::string(value.ptr, value.len) + "|";
    EXPECT_EQ(seen, R"("a"|{"b":[]}|3|"k"=1|"l"=[2]|)");
    for (const char* other : {"{}", "[ ]", "3", "\"x\""}) {
        walk = ek_json_begin(borrow(other));
        EXPECT_EQ(ek_json_next(&walk, nullptr, &value), 0) << other;
    }
}

TEST(JsonForC, TakesIntegersThatFit) {
    std::int64_t number = 0;
    for (const char* text : {"0", "7", "-7", "9223372036854775807", "-9223372036854775808"}) {
        ASSERT_EQ(ek_json_integer(borrow(text), &number), 1) << text;
        EXPECT_EQ(number, std::strtoll(text, nullptr, 10));
    }
    for (const char* text : {"9223372036854775808", "-9223372036854775809", "1.0", "1e2", "\"1\"",
                             "99999999999999999999", "true"})
        EXPECT_EQ(ek_json_integer(borrow(text), &number), 0) << text;
}

TEST(JsonForC, WritesWhatTheHostReads) {
    ek_json_out out = {};
    ek_json_open(&out, '{');
    ek_json_key(&out, "text");
    ek_json_put_text(&out, "a\"\\\n\x01\xFF\xC3\xA9", 8);
    ek_json_key(&out, "list");
    ek_json_open(&out, '[');
    ek_json_put_integer(&out, INT64_MIN);
    ek_json_put_bool(&out, 1);
    ek_json_put(&out, ek_json_str("null"));
    ek_json_put_text(&out, nullptr, 0);
    ek_json_open(&out, '{');
    ek_json_close(&out, '}');
    ek_json_close(&out, ']');
    ek_json_close(&out, '}');
    ASSERT_FALSE(out.failed);
    const std::string written(out.text, out.length);
    std::free(out.text);
    EXPECT_EQ(written,
              "{\"text\":\"a\\\"\\\\\\u000a\\u0001\xEF\xBF\xBD\xC3\xA9\","
              "\"list\":[-9223372036854775808,true,null,\"\",{}]}");
    EXPECT_TRUE(parse(written));
}

}  // namespace
