#include <gtest/gtest.h>

#include "tests/unit/orchestrator/compile/templates/fixture.hpp"

// Which names a template uses, and whether a secret is among them.
namespace evenkeel::templates {
namespace {

std::vector<std::string> used(std::string text) {
    std::vector<std::string> names;
    const Template read = parsed(std::move(text));
    for (const NameUse& use : read.names_used()) {
        names.push_back(use.path + (use.certain ? "" : "?"));
    }
    return names;
}

using Strings = std::vector<std::string>;

TEST(NamesUsed, AreThoseOfTheTopLevelEachOnce) {
    EXPECT_EQ(used("{{b}}{{a.x}}{{root.b}}{{^c}}{{d}}{{/c}}{{e|json}}"),
              (Strings{"a.x", "b", "c", "d", "e"}));
    EXPECT_EQ(used("text"), Strings());
    EXPECT_EQ(used("{{#if host.labels.role = web}}{{x}}{{/if}}"),
              (Strings{"host.labels.role", "x"}));
}

TEST(NamesUsed, AreUncertainInsideASection) {
    EXPECT_EQ(used("{{#l}}{{n}}{{.}}{{@index}}{{root.a}}{{#if m = 1}}{{/if}}{{/l}}{{z}}"),
              (Strings{"a", "l", "m?", "n?", "z"}));
    EXPECT_EQ(used("{{#l}}{{n}}{{/l}}{{n}}"), (Strings{"l", "n"}));
}

TEST(NamesUsed, SayWhereTheyStandFirst) {
    const Template read = parsed("a\n{{#l}}{{n}}{{/l}} {{n}} {{n}}");
    const NameUse& use = read.names_used().back();
    EXPECT_EQ(use.path, "n");
    const Place place = read.place_of(use.byte);
    EXPECT_EQ(place.line, 2U);
    EXPECT_EQ(place.column, 21U);
}

TEST(NamesUsed, AreAllThatIsAskedFor) {
    TestNames names(R"({"a":1,"b":[{"c":1}],"never":1})");
    ASSERT_TRUE(parsed("{{#b}}{{c}}{{root.a}}{{/b}}").render(names));
    EXPECT_EQ(names.asked, (std::set<std::string>{"a", "b"}));
}

std::string secret_of(std::string text) {
    TestNames names(R"({"key":"k","open":"o","keys":[{"k":"v"}],"t":false})", {"key", "keys"});
    const auto rendered = parsed(std::move(text)).render(names);
    if (!rendered) return to_string(rendered.error());
    const auto& secret = rendered->secret;
    return secret ? secret->path + "@" + std::to_string(secret->byte) : "";
}

TEST(Secrets, AreToldWhereverTheyFlow) {
    EXPECT_EQ(secret_of("{{open}}"), "");
    EXPECT_EQ(secret_of("{{key}}"), "key@2");
    EXPECT_EQ(secret_of("{{open}}{{root.key|json}}"), "key@15");
    EXPECT_EQ(secret_of("{{#keys}}{{k}}{{/keys}}{{key}}"), "keys@3");
    EXPECT_EQ(secret_of("{{keys.0.k}}"), "keys.0.k@2");
    EXPECT_EQ(secret_of("{{^key}}{{/key}}x"), "key@3");
    EXPECT_EQ(secret_of("{{#if key = x}}{{/if}}"), "key@6");
}

TEST(Secrets, ThatAreNotLookedUpDoNotCount) {
    EXPECT_EQ(secret_of("{{#t}}{{key}}{{/t}}{{! key }}{{open}}"), "");
}

}  // namespace
}  // namespace evenkeel::templates
