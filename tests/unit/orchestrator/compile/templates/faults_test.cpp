#include <algorithm>

#include <gtest/gtest.h>

#include "tests/unit/orchestrator/compile/templates/fixture.hpp"

// What is refused, where, and what was expected there.
namespace evenkeel::templates {
namespace {

struct Case {
    std::string text;
    std::string what;
};

TEST(Faults, OfTheSyntaxSayWhereAndWhatWasExpected) {
    const std::string name =
        "expected a name such as port, host.name or list.0, or one of . @first @last @index, not ";
    const std::vector<Case> cases = {
        {"ab{{x", "1:3 expected }} behind this tag, and the template ends"},
        {"{{{x}}", "1:1 expected }}} behind this tag, and the template ends"},
        {"{{! x", "1:1 expected }} behind this tag, and the template ends"},
        {"{{}}", "1:3 " + name + "nothing"},
        {"{{ }}", "1:4 " + name + "nothing"},
        {"{{a b}}", "1:3 " + name + "'a b'"},
        {"{{a.}}", "1:3 " + name + "'a.'"},
        {"{{.a}}", "1:3 " + name + "'.a'"},
        {"{{root.}}", "1:3 " + name + "'root.'"},
        {"{{a..b}}", "1:3 " + name + "'a..b'"},
        {"{{@key}}", "1:3 " + name + "'@key'"},
        {"é\n {{é}}", "2:4 " + name + "'é'"},
        {"{{#a|json}}{{/a|json}}", "1:4 " + name + "'a|json'"},
        {"{{^if a = 1}}{{/if}}", "1:4 " + name + "'if a = 1'"},
        {"{{>a}}", "1:1 expected no partial: templates do not include others"},
        {"{{=<% %>=}}",
         "1:1 expected no tag that changes the marks: the member \"template\" of the resource "
         "changes them"},
        {"{{a|}}", "1:5 expected one of the formats json, join:\"TEXT\", not the end"},
        {"{{a|xml}}", "1:5 expected one of the formats json, join:\"TEXT\", not 'xml'"},
        {"{{a|jsonp}}", "1:9 expected | or the end of the tag, not 'p'"},
        {"{{a|join}}",
         "1:9 expected : and the text between the items, as join:\", \", not the end"},
        {"{{a|join:,}}", "1:10 expected a text in double quotes, not ','"},
        {"{{a|join:\",}}", "1:10 expected a text in double quotes, not '\",'"},
        {"{{a|join:\"\\}}", "1:10 expected a text in double quotes, not '\"\\'"},
        {"{{a|join:\"\\x\"}}", "1:10 expected a text that is written as in JSON, not '\"\\x\"'"},
        {"{{a|json|json|json|json|json}}", "1:24 expected at most 4 formats, not '|json'"},
        {"{{#a}}", "1:1 expected {{/a}} for this block, and the template ends"},
        {"{{#a}}{{^b}}{{/b}}", "1:1 expected {{/a}} for this block, and the template ends"},
        {"{{#if a = 1}}", "1:1 expected {{/if}} for this block, and the template ends"},
        {"{{/a}}", "1:1 expected no end, since no block is open"},
        {"\n{{#a}}\n{{/b}}", "3:1 expected {{/a}} for the block of line 2, not '{{/b}}'"},
        {"{{#a}}{{#b}}{{/a}}{{/b}}", "1:13 expected {{/b}} for the block of line 1, not '{{/a}}'"},
        {"{{.}}", "1:3 expected a section around '.', which is known of items only"},
        {"{{^a}}{{@index}}{{/a}}",
         "1:9 expected a section around '@index', which is known of items only"},
    };
    for (const auto& [text, what] : cases) {
        const Fault fault = fault_of(text);
        EXPECT_EQ(std::to_string(fault.place.line) + ":" + std::to_string(fault.place.column) +
                      " " + fault.what,
                  what)
            << text;
        EXPECT_EQ(fault.code, Errc::invalid) << text;
        EXPECT_LE(fault.place.byte, text.size());
    }
}

TEST(Faults, OfValuesSayWhatTheyCannotBe) {
    constexpr std::string_view kNames =
        R"({"l":[1],"o":{"a":null},"n":5,"ll":[[1]],"t":true,"nulls":[null]})";
    const std::string text = "expected a text, a number or a truth value: ";
    const std::vector<Case> cases = {
        {"-{{l}}", text + "'l' is of type array, which takes |json, |join:\", \" or a section"},
        {"-{{o}}", text + "'o' is of type object, which takes |json"},
        {"-{{o.a}}", text + "'o.a' is null"},
        {"{{n|join:\",\"}}", "expected a list for |join: 'n' is of type integer"},
        {"{{ll|join:\",\"}}",
         "expected texts, numbers and truth values for |join: 'll' has an item of type array"},
        {"{{nulls|join:\",\"}}",
         "expected texts, numbers and truth values for |join: 'nulls' has an item of type null"},
        {"{{#t}}{{@index}}{{/t}}", "expected a section over a list around '@index'"},
        {"{{#t}}{{.}}{{/t}}", "expected a section over a list around '.'"},
        {"{{#o}}{{@first}}{{/o}}", "expected a section over a list around '@first'"},
    };
    for (const auto& [tag, what] : cases) {
        const Fault fault = render_fault(tag, kNames);
        EXPECT_EQ(fault.what, what) << tag;
        EXPECT_EQ(fault.code, Errc::invalid) << tag;
    }
}

TEST(Faults, OfNamesSayWhichExist) {
    constexpr std::string_view kNames =
        R"({"web_port":80,"web_name":"x","host":{"labels":{"role":"a"}},"l":[1,2],"e":{},"el":[]})";
    const std::vector<Case> cases = {
        {"{{web_prot}}",
         "unknown name 'web_prot': expected one of web_port, web_name, e, el, host, l"},
        {"{{host.lables}}", "'host' has no member 'lables': expected one of labels"},
        {"{{host.labels.rack}}", "'host.labels' has no member 'rack': expected one of role"},
        {"{{e.x}}", "'e' has no member 'x', and there are no names"},
        {"{{l.2}}", "'l' has 2 items: expected the number of one, from 0 on, not '2'"},
        {"{{l.01}}", "'l' has 2 items: expected the number of one, from 0 on, not '01'"},
        {"{{l.x}}", "'l' has 2 items: expected the number of one, from 0 on, not 'x'"},
        {"{{l.18446744073709551617}}",
         "'l' has 2 items: expected the number of one, from 0 on, not '18446744073709551617'"},
        {"{{el.0}}", "'el' has 0 items: expected the number of one, from 0 on, not '0'"},
        {"{{web_port.x}}",
         "'web_port' has no member 'x': expected an object, and it is of type integer"},
    };
    for (const auto& [tag, what] : cases) {
        for (const std::string& text : {"a\n" + tag, "a\n{{#web_port}}" + tag + "{{/web_port}}"}) {
            const Fault fault = render_fault(text, kNames);
            EXPECT_EQ(fault.what, what) << text;
            EXPECT_EQ(fault.code, Errc::not_found) << text;
            EXPECT_EQ(fault.place.line, 2U) << text;
        }
    }
    EXPECT_EQ(render_fault("{{host.lables}}", kNames).place.column, 8U);
    EXPECT_EQ(render_fault("{{root.host.lables}}", kNames).place.column, 13U);
    EXPECT_EQ(render_fault("{{host.lables}}", kNames).known, std::vector<std::string>{"labels"});
    EXPECT_EQ(render("{{x}}"), "line 1, column 3: unknown name 'x', and there are no names");
}

TEST(Faults, TellTwentyNamesAtMostAndPrintThemSafely) {
    json::Object names;
    for (int i = 0; i < 3000; ++i) names.append("name" + std::to_string(i), 1);
    names.append("nameX\x1b[31m", 1);
    TestNames source(std::move(names));
    const Fault fault = parsed("{{nameX}}").render(source).error();
    EXPECT_EQ(fault.known.size(), 20U);
    EXPECT_EQ(fault.known.front(), "name0");
    EXPECT_TRUE(fault.what.ends_with(" and others")) << fault.what;
    TestNames escape(R"({"x\u001b[31m":1})");
    EXPECT_EQ(parsed("{{x}}").render(escape).error().known.front(), "x\\x1b[31m");
}

TEST(Faults, OfTheSourceKeepTheirCode) {
    TestNames names(R"({"a":1})");
    names.broken = "b";
    const Fault fault = parsed("{{a}} {{b}}").render(names).error();
    EXPECT_EQ(fault.code, Errc::conflict);
    EXPECT_EQ(to_string(fault), "line 1, column 9: the links close a circle");
}

TEST(Faults, GiveNothingInPart) {
    EXPECT_FALSE(render("long text {{#a}}{{gone}}{{/a}}", R"({"a":true})").starts_with("\""));
}

TEST(Faults, LeaveBlocksThatAreNotShownAlone) {
    EXPECT_EQ(render("{{#f}}{{gone}}{{/f}}{{^t}}{{gone}}{{/t}}ok", R"({"f":false,"t":true})"),
              R"("ok")");
}

}  // namespace
}  // namespace evenkeel::templates
