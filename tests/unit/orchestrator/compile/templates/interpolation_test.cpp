#include <gtest/gtest.h>

#include "tests/unit/orchestrator/compile/templates/fixture.hpp"

// Tags that are replaced by a value: what Mustache's specification says of them, and types.
namespace evenkeel::templates {
namespace {

TEST(Interpolation, LeavesTextWithoutTagsAsItIs) {
    EXPECT_EQ(render("Hello from {Evenkeel}!\n}} { {\n"), R"("Hello from {Evenkeel}!\n}} { {\n")");
    EXPECT_EQ(render(""), R"("")");
    EXPECT_TRUE(parsed("plain }}").is_plain());
    EXPECT_TRUE(parsed("").is_plain());
    for (const std::string text : {"{{a}}", "{{! c }}", "a{{! c }}", "{{! c }}\nb"}) {
        EXPECT_FALSE(parsed(text).is_plain()) << text;
    }
}

TEST(Interpolation, PutsValuesIntoRunningText) {
    EXPECT_EQ(render("Hello, {{subject}}!\n", R"({"subject":"world"})"), R"("Hello, world!\n")");
    EXPECT_EQ(render("\"{{n}} {{b}} {{r}}\"", R"({"n":85,"b":true,"r":1.21})"),
              R"("\"85 true 1.21\"")");
}

TEST(Interpolation, EscapesNothingHoweverTheTagIsWritten) {
    constexpr std::string_view kNames = R"({"x":"& \" < >"})";
    for (const std::string tag : {"{{x}}", "{{{x}}}", "{{&x}}", "{{& x }}", "{{{ x }}}"}) {
        EXPECT_EQ(render("-" + tag + "-", kNames), R"("-& \" < >-")") << tag;
    }
}

TEST(Interpolation, IsNotRenderedAgain) {
    EXPECT_EQ(render("-{{x}}", R"({"x":"{{y}}","y":1})"), R"("-{{y}}")");
}

TEST(Interpolation, KeepsBlanksAroundTagsAndIgnoresThoseInside) {
    EXPECT_EQ(render("| {{x}} |", R"({"x":"---"})"), R"("| --- |")");
    EXPECT_EQ(render("  {{x}}\n", R"({"x":"---"})"), R"("  ---\n")");
    EXPECT_EQ(render("|{{ x\n}}|", R"({"x":"---"})"), R"("|---|")");
}

TEST(Interpolation, FollowsDots) {
    EXPECT_EQ(render("{{a.b.c.d}}!", R"({"a":{"b":{"c":{"d":"x"}}}})"), R"("x!")");
    EXPECT_EQ(render("{{a.0.n}}-{{a.1.n}}", R"({"a":[{"n":1},{"n":2}]})"), R"("1-2")");
    EXPECT_EQ(render("{{root.a.0}}!", R"({"a":["x"]})"), R"("x!")");
    EXPECT_EQ(render("{{a.0}}!", R"({"a":{"0":"a member of that name"}})"),
              R"("a member of that name!")");
}

TEST(Interpolation, TakesTheLongestMemberThatThePathNames) {
    constexpr std::string_view kNames =
        R"({"host":{"labels":{"example.com":"a","example.com.tier":"b","example":{"com":"c"}}}})";
    EXPECT_EQ(render("{{host.labels.example.com}}", kNames), R"("a")");
    EXPECT_EQ(render("{{host.labels.example.com.tier}}", kNames), R"("b")");
}

TEST(Interpolation, GivesASingleTagTheValueWithItsType) {
    constexpr std::string_view kNames =
        R"({"n":8080,"r":0.5,"b":false,"s":"8080","l":[1,"a"],"o":{"k":null}})";
    EXPECT_EQ(render("{{n}}", kNames), "8080");
    EXPECT_EQ(render("{{ r }}", kNames), "0.5");
    EXPECT_EQ(render("{{b}}", kNames), "false");
    EXPECT_EQ(render("{{{s}}}", kNames), R"("8080")");
    EXPECT_EQ(render("{{l}}", kNames), R"([1,"a"])");
    EXPECT_EQ(render("{{o}}", kNames), R"({"k":null})");
    EXPECT_EQ(render("{{o.k}}", kNames), "null");
    EXPECT_EQ(render("{{l.0}}", kNames), "1");
}

TEST(Interpolation, GivesTextWhereThereIsAnythingElse) {
    EXPECT_EQ(render(" {{n}}", R"({"n":8080})"), R"(" 8080")");
    EXPECT_EQ(render("{{n}}{{n}}", R"({"n":8080})"), R"("80808080")");
    EXPECT_EQ(render("{{! c }}{{n}}", R"({"n":8080})"), R"("8080")");
    EXPECT_EQ(render("{{#b}}{{n}}{{/b}}", R"({"n":8080,"b":true})"), R"("8080")");
}

TEST(Formats, WriteJsonThatIsTheSameForEqualValues) {
    EXPECT_EQ(render("{{o|json}}", R"({"o":{"b":[1,null],"a":"x\"y"}})"),
              R"("{\"a\":\"x\\\"y\",\"b\":[1,null]}")");
    EXPECT_EQ(render("{{o|json}}", R"({"o":{"a":"x\"y","b":[1.0,null]}})"),
              R"("{\"a\":\"x\\\"y\",\"b\":[1,null]}")");
    EXPECT_EQ(render("x={{ s | json }}", R"({"s":"a\nb"})"), R"("x=\"a\\nb\"")");
    EXPECT_EQ(render("{{l.0|json}}", R"({"l":[null]})"), R"("null")");
}

TEST(Formats, JoinListsOfScalars) {
    constexpr std::string_view kNames = R"({"l":["a",2,true],"none":[],"o":{"l":[1]}})";
    EXPECT_EQ(render(R"({{l|join:", "}})", kNames), R"("a, 2, true")");
    EXPECT_EQ(render(R"(-{{ l | join : "\n" }}-)", kNames), R"("-a\n2\ntrue-")");
    EXPECT_EQ(render(R"({{l|join:""}})", kNames), R"("a2true")");
    EXPECT_EQ(render(R"({{l|join:" \" | "}})", kNames), R"("a \" | 2 \" | true")");
    EXPECT_EQ(render(R"({{none|join:","}})", kNames), R"("")");
    EXPECT_EQ(render(R"({{o.l|join:","}})", kNames), R"("1")");
    EXPECT_EQ(render(R"({{l|join:","|json}})", kNames), R"("\"a,2,true\"")");
}

TEST(MarksOfTags, AreThoseThatAreGiven) {
    TestNames names(R"({"x":1,"l":["a"]})");
    const Marks marks = read_marks("<%", "%>").value();
    const auto give = [&](std::string text, const Marks& given) {
        return json::write(parsed(std::move(text), given).render(names)->value);
    };
    EXPECT_EQ(give("{{x}} <% x %> <%! c %><%{x}%><%#l%><%.%><%/l%>", marks), R"("{{x}} 1 1a")");
    EXPECT_EQ(give("<%x%>", marks), "1");
    EXPECT_EQ(give("a@@x@@b", read_marks("@@", "@@").value()), R"("a1b")");
}

TEST(MarksOfTags, AreAFewSigns) {
    for (const std::string bad : {"", "a", "{ ", "\"", "=", "\\", "123456789", "é", "{{{{{{{{{"}) {
        EXPECT_EQ(read_marks(bad, "}}").error().code, Errc::invalid) << bad;
        EXPECT_EQ(read_marks("{{", bad).error().code, Errc::invalid) << bad;
    }
}

}  // namespace
}  // namespace evenkeel::templates
