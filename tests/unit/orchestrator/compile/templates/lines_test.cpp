#include <gtest/gtest.h>

#include "tests/unit/orchestrator/compile/templates/fixture.hpp"

// Comments, and the lines that a tag takes with it when it stands alone on them.
namespace evenkeel::templates {
namespace {

std::string plain(std::string text) {
    TestNames names(R"({"t":true,"f":false,"l":[1,2]})");
    const auto rendered = parsed(std::move(text)).render(names);
    return rendered ? rendered->value.as_string() : to_string(rendered.error());
}

TEST(Comments, AreLeftOut) {
    EXPECT_EQ(plain("12{{! a comment }}34"), "1234");
    EXPECT_EQ(plain("12{{!\n of {{ two\n lines\n}}34"), "1234");
    EXPECT_EQ(plain("12 {{! x }} 34"), "12  34");
    EXPECT_EQ(plain("{{!}}"), "");
}

TEST(Lines, OfACommentGoWithIt) {
    EXPECT_EQ(plain("a\n{{! c }}\nb\n"), "a\nb\n");
    EXPECT_EQ(plain("a\n \t{{! c }} \t\nb\n"), "a\nb\n");
    EXPECT_EQ(plain("a\r\n{{! c }}\r\nb\r\n"), "a\r\nb\r\n");
    EXPECT_EQ(plain("  {{! c }}\nb"), "b");
    EXPECT_EQ(plain("a\n  {{! c }}"), "a\n");
    EXPECT_EQ(plain("a\n  {{!\n c\n }}\nb"), "a\nb");
    EXPECT_EQ(plain("{{!a}}\n{{!b}}\n\n{{!c}}\n"), "\n");
}

TEST(Lines, OfBlocksGoWithTheirTags) {
    EXPECT_EQ(plain("a\n{{#t}}\nb\n{{/t}}\nc\n"), "a\nb\nc\n");
    EXPECT_EQ(plain("a\n  {{#t}}  \n  b\n  {{/t}}\nc\n"), "a\n  b\nc\n");
    EXPECT_EQ(plain("a\n{{^f}}\nb\n{{/f}}\nc"), "a\nb\nc");
    EXPECT_EQ(plain("a\n{{#f}}\nb\n{{/f}}\nc"), "a\nc");
    EXPECT_EQ(plain("a\r\n{{#t}}\r\nb\r\n{{/t}}\r\nc"), "a\r\nb\r\nc");
    EXPECT_EQ(plain("{{#l}}\n- {{.}}\n{{/l}}\n"), "- 1\n- 2\n");
    EXPECT_EQ(plain("{{#if l.0 = 1}}\nyes\n{{/if}}\n"), "yes\n");
    EXPECT_EQ(plain("  {{#t}}\nx\n  {{/t}}"), "x\n");
}

TEST(Lines, StayWhereAnythingElseIsOnThem) {
    EXPECT_EQ(plain(" | {{#t}}\t|\t{{/t}} | \n"), " | \t|\t | \n");
    EXPECT_EQ(plain(" {{#t}}yes{{/t}}\n {{#t}}good{{/t}}\n"), " yes\n good\n");
    EXPECT_EQ(plain("{{#t}} {{/t}}\n"), " \n");
    EXPECT_EQ(plain("{{l.0}}\n"), "1\n");
    EXPECT_EQ(plain("x{{! c }}\n"), "x\n");
    EXPECT_EQ(plain("{{! a }} {{! b }}\n"), " \n");
    EXPECT_EQ(plain("{{! a }}\rb"), "\rb");
    EXPECT_EQ(plain("{{! a\n}}{{! b }}\nc"), "\nc");
}

}  // namespace
}  // namespace evenkeel::templates
