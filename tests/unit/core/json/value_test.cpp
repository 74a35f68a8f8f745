#include <cstdint>
#include <limits>

#include <gtest/gtest.h>

#include "core/json/json.hpp"

namespace evenkeel::json {
namespace {

Value read(std::string_view text) {
    return parse(text).value();
}

TEST(Number, IntegersOf64BitsStayExact) {
    EXPECT_EQ(read("9223372036854775807").as_integer(), std::numeric_limits<std::int64_t>::max());
    EXPECT_EQ(read("-9223372036854775808").as_integer(), std::numeric_limits<std::int64_t>::min());
    EXPECT_EQ(write(read("9007199254740993")), "9007199254740993");
    EXPECT_FALSE(read("9223372036854775808").is_integer());
    EXPECT_TRUE(read("9223372036854775808").is_number());
}

TEST(Number, AWholeDoubleEqualsItsInteger) {
    EXPECT_EQ(read("1.0"), read("1"));
    EXPECT_EQ(read("1e2"), read("100"));
    EXPECT_FALSE(read("1.5") == read("1"));
    EXPECT_FALSE(read("1") == read("true"));
}

TEST(Number, ZeroIsZeroWhateverItsExponent) {
    // RapidJSON's own conversion counts the leading zeros of 0 here.
    for (const char* text : {"0e250", "-0", "0.0e-250", "0E+0", "0.000"}) {
        EXPECT_EQ(read(text), read("0")) << text;
    }
}

TEST(Number, OutOfTheRangeOfDoublesIsRefused) {
    for (const char* text : {"1e400", "-1e400", "1e-400", "1e99999999999999999999"}) {
        EXPECT_EQ(parse(text).error().code, Errc::invalid) << text;
    }
}

TEST(Number, DoublesReadBack) {
    for (const char* text : {"0.1", "1e-300", "1.7976931348623157e308", "-0.5"}) {
        const Value value = read(text);
        EXPECT_EQ(read(write(value)).as_number(), value.as_number()) << text;
    }
}

TEST(Object, KeepsTheOrderAndComparesWithoutIt) {
    const Value value = read(R"({"b":1,"a":{"d":[],"c":null}})");
    EXPECT_EQ(write(value), R"({"b":1,"a":{"d":[],"c":null}})");
    EXPECT_EQ(value, read(R"({"a":{"c":null,"d":[]},"b":1})"));
    EXPECT_FALSE(value == read(R"({"a":{"c":null,"d":[]}})"));
    EXPECT_FALSE(read("[1,2]") == read("[2,1]"));
}

TEST(Object, SetReplacesAndEraseRemoves) {
    Object object{{"a", 1}};
    object.set("b", 2);
    object.set("a", 3);
    EXPECT_EQ(write(object), R"({"a":3,"b":2})");
    EXPECT_TRUE(object.erase("a"));
    EXPECT_FALSE(object.erase("a"));
    EXPECT_FALSE(object.contains("a"));
}

TEST(Value, WhatIsMissingReadsAsNull) {
    const Value value = read(R"({"a":{"b":"x","n":7,"t":true}})");
    EXPECT_EQ(value["a"]["b"].as_string(), "x");
    EXPECT_TRUE(value["a"]["c"]["d"].is_null());
    EXPECT_TRUE(value["a"]["b"]["c"].is_null());
    EXPECT_EQ(value["a"].string_or("n", "other"), "other");
    EXPECT_EQ(value["a"].integer_or("n"), 7);
    EXPECT_EQ(value["a"].integer_or("b", 3), 3);
    EXPECT_TRUE(value["a"].bool_or("t"));
}

TEST(Canonical, EqualValuesGiveEqualBytes) {
    EXPECT_EQ(write_canonical(read(R"({"b":1,"a":{"d":2,"c":3}})")),
              R"({"a":{"c":3,"d":2},"b":1})");
    EXPECT_EQ(write_canonical(read("[1.0]")), write_canonical(read("[1]")));
    EXPECT_EQ(write_canonical(read("-0.0")), write_canonical(read("0")));
}

TEST(Write, EscapesWhatJsonWantsEscaped) {
    EXPECT_EQ(write(Value("\"\\\n\x01/é")), "\"\\\"\\\\\\n\\u0001/é\"");
}

TEST(Write, WhatJsonCannotSayIsNull) {
    EXPECT_EQ(write(Value(std::numeric_limits<double>::quiet_NaN())), "null");
    EXPECT_EQ(write(Value(-std::numeric_limits<double>::infinity())), "null");
}

TEST(Pretty, ReadsBackAsTheSame) {
    const Value value = read(R"({"a":[1,{"b":null}],"c":{}})");
    EXPECT_EQ(read(write_pretty(value)), value);
    EXPECT_NE(write_pretty(value).find("\n  "), std::string::npos);
}

TEST(Pointer, EscapesTildeAndSlash) {
    EXPECT_EQ(pointer("", "a/b~c"), "/a~1b~0c");
    const Value value = read(R"({"a/b~c":{"":[10,20]}})");
    EXPECT_EQ(at_pointer(value, "/a~1b~0c//1")->as_integer(), 20);
    EXPECT_EQ(at_pointer(value, ""), &value);
}

TEST(Pointer, LeadsNowhereOnAWrongPath) {
    const Value value = read(R"({"a":[1,2]})");
    for (const char* path :
         {"/b", "/a/2", "/a/-", "/a/01", "/a/x", "/a/0/0", "a", "/a/", "/a/99999999999999999999"}) {
        EXPECT_EQ(at_pointer(value, path), nullptr) << path;
    }
}

TEST(ValueDeathTest, TheWrongTypeIsABug) {
    EXPECT_DEATH(static_cast<void>(read("1").as_string()), "");
}

}  // namespace
}  // namespace evenkeel::json
