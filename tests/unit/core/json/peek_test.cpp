#include "core/json/peek.hpp"

#include <gtest/gtest.h>

#include "core/json/counters.hpp"

namespace evenkeel::json {
namespace {

Value peeked(const Value& object, std::string_view path) {
    std::vector<Value> values;
    const std::string text = write(object);
    EXPECT_TRUE(peek(text, {path}, values)) << text << " " << path;
    return values.size() == 1 ? values[0] : Value("nothing");
}

TEST(Peek, FindsMembersAtTheirLevelOnly) {
    const Value object = Object{
        {"decoy", Object{{"a", 1}, {"b", Array{"a", Object{{"a", 2}}}}, {"text", "\"a\":3,{["}}},
        {"a", "found"},
        {"back", "ends in \\"},
        {"b", Object{{"c", Object{{"d", -7}}}, {"n", nullptr}, {"t", true}, {"x", 1.5}}},
        {"big", Value(9007199254740993)},
        {"list", Array{1, 2}},
        {"empty", Object{}}};
    EXPECT_EQ(peeked(object, "a"), "found");
    EXPECT_EQ(peeked(object, "b.c.d"), -7);
    EXPECT_EQ(peeked(object, "b.n"), Value());
    EXPECT_EQ(peeked(object, "b.t"), true);
    EXPECT_EQ(peeked(object, "b.x"), 1.5);
    EXPECT_EQ(peeked(object, "big"), Value(9007199254740993));
    EXPECT_EQ(peeked(object, "back"), "ends in \\");
    EXPECT_EQ(peeked(object, "decoy.text"), "\"a\":3,{[");
    EXPECT_EQ(peeked(object, "list"), Array{});
    EXPECT_EQ(peeked(object, "b.c"), Object{});
    std::vector<Value> values;
    EXPECT_FALSE(peek(write(object), {"list.a"}, values)) << "not told: it goes on in an array";
    EXPECT_EQ(peeked(object, "empty.a"), Value());
    EXPECT_EQ(peeked(object, "a.b"), Value());
    EXPECT_EQ(peeked(object, "none"), Value());
    EXPECT_EQ(peeked(Object{}, "none"), Value());
}

TEST(Peek, ANameWithDotsGoesBeforeTheLevels) {
    const Value object = Object{{"a", Object{{"b", Object{{"c", 1}}}, {"b.c", 2}}}, {"a.b.c", 3}};
    EXPECT_EQ(peeked(object, "a.b.c"), 3);
    EXPECT_EQ(peeked(object["a"], "b.c"), 2);
    EXPECT_EQ(peeked(Object{{"a.b", Object{{"c", 1}}}, {"a", Object{{"b.c", 2}}}}, "a.b.c"), 2);
}

TEST(Peek, ANullUnderTheWholeNameIsTheValue) {
    EXPECT_EQ(peeked(Object{{"a.b", nullptr}, {"a", Object{{"b", 1}}}}, "a.b"), Value());
    EXPECT_EQ(peeked(Object{{"a", Object{{"b", 1}}}, {"a.b", nullptr}}, "a.b"), Value());
    EXPECT_EQ(peeked(Object{{"x", Object{{"a.b", nullptr}, {"a", Object{{"b", 1}}}}}}, "x.a.b"),
              Value());
    // Null of a part of the name says that nothing is there.
    EXPECT_EQ(peeked(Object{{"a", nullptr}, {"a.b", Object{{"c", 1}}}}, "a.b.c"), 1);
}

TEST(Peek, TellsManyAtOnceWithoutParsing) {
    const std::string text = write(Object{{"a", 1}, {"b", "two"}, {"c", Object{{"d", 4}}}});
    const Counters before = counters();
    std::vector<Value> values{"left from before"};
    ASSERT_TRUE(peek(text, {"c.d", "none", "a", "a"}, values));
    EXPECT_EQ(values, (std::vector<Value>{4, {}, 1, 1}));
    EXPECT_EQ((counters() - before).parses, 0U);
}

TEST(Peek, WhatIsNoTextOfOursCannotBeTold) {
    std::vector<Value> values;
    const std::string whole = R"({"a":{"b":"x\"y"},"c":[1,{"d":2}],"e":12})";
    ASSERT_TRUE(peek(whole, {"e"}, values));
    for (std::size_t size = 0; size < whole.size(); ++size) {
        EXPECT_FALSE(peek(whole.substr(0, size), {"e"}, values)) << whole.substr(0, size);
    }
    for (const char* text : {"[]", "1", "{\"a\" :1}", "{\"a\":1}}", "{,}", "{\"a\":}", "{\"a\"}"}) {
        EXPECT_FALSE(peek(text, {"a"}, values)) << text;
    }
    EXPECT_FALSE(peek(whole, std::vector<std::string_view>(kPeekMost + 1, "a"), values));
}

}  // namespace
}  // namespace evenkeel::json
