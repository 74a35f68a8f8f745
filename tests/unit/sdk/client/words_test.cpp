#include <gtest/gtest.h>

#include "sdk/client/cli/hosts.hpp"
#include "sdk/client/cli/jsonpath.hpp"

// What is read from single words of a command line.
namespace evenkeel::cli {
namespace {

std::string find(const char* path, const json::Value& value) {
    const auto read = JsonPath::parse(path);
    return read ? read->print(value) : read.error().what;
}

TEST(JsonPathTest, FindsNamesIndexesAndAll) {
    const auto value = json::parse(
        R"({"items":[{"name":"a","n":1,"o":{"x.y":true}},{"name":"b","n":2}],"t":"x\ny"})");
    EXPECT_EQ(find(".items[*].name", *value), "a b");
    EXPECT_EQ(find("{.items[0].n}", *value), "1");
    EXPECT_EQ(find("{$.items[-1].name}", *value), "b");
    EXPECT_EQ(find("{.items[0].o['x.y']}", *value), "true");
    EXPECT_EQ(find("{.items[0].*}", *value), R"(a 1 {"x.y":true})");
    EXPECT_EQ(find(R"(n={.items[*].n}{"\n"}t={.t})", *value), "n=1 2\nt=x\ny");
    EXPECT_EQ(find("{.items[7].name}{.none.at.all}", *value), "");
    EXPECT_EQ(find(".", json::Value("a")), "jsonpath: a name is missing at character 2");
}

TEST(JsonPathTest, AnyNameIsAnyName) {
    const auto value = json::parse(R"({"a}b":1,"c]d":{"e":2},"f['g":3,"{h}":4,"i.j":5})");
    EXPECT_EQ(find("{['a}b']}", *value), "1");
    EXPECT_EQ(find("{['c]d'].e}", *value), "2");
    EXPECT_EQ(find("{['f['g']}", *value), "3");
    EXPECT_EQ(find("x={['{h}']} y={['i.j']}!", *value), "x=4 y=5!");
    EXPECT_EQ(find("['c]d']['e']", *value), "2");
    for (const char* wrong : {"{['a}", "{['a]}", "['a]", "{['a'x]}"}) {
        EXPECT_FALSE(JsonPath::parse(wrong)) << wrong;
    }
}

TEST(JsonPathTest, SaysWhatItDoesNotKnow) {
    for (const char* wrong : {"{.a", "{.a[}", "{.a[?(@.b)]}", "{range .a}", "{.a[x]}", "{\"a}",
                              "a.b", "{..a}", "{.a[1:2]}"}) {
        EXPECT_FALSE(JsonPath::parse(wrong)) << wrong;
    }
}

TEST(Selector, EveryTermMustHold) {
    client::Host host;
    host.labels = {{"role", "web"}, {"empty", ""}};
    const auto holds_all = [&host](const char* text) {
        const auto terms = read_selector(text);
        if (!terms) return std::string("wrong");
        for (const LabelTerm& term : *terms) {
            if (!holds(term, host)) return std::string("no");
        }
        return std::string("yes");
    };
    for (const char* yes : {"role=web", "role==web", "role=web,env!=test", "role", "!env",
                            "empty=", "role!=db,empty"}) {
        EXPECT_EQ(holds_all(yes), "yes") << yes;
    }
    for (const char* no : {"role=db", "role!=web", "env", "!role", "role=web,env=test", "env="}) {
        EXPECT_EQ(holds_all(no), "no") << no;
    }
    for (const char* wrong : {"", "=web", "!", "role=web,", "role in (a)", "!role=web", "a b"}) {
        EXPECT_EQ(holds_all(wrong), "wrong") << wrong;
    }
}

}  // namespace
}  // namespace evenkeel::cli
