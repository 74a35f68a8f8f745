#include <gtest/gtest.h>

#include "tests/unit/orchestrator/compile/templates/fixture.hpp"

namespace evenkeel::templates {
namespace {

TEST(Conditions, DecideOverTheirContent) {
    constexpr std::string_view kNames = R"({"port":80,"role":"web"})";
    EXPECT_EQ(render("a{{#if port = 80}}b{{/if}}{{#if port = 81}}c{{/if}}", kNames), R"("ab")");
    EXPECT_EQ(render("{{#if port > 79}}{{#if role = web}}{{role}}{{/if}}{{/if}}", kNames),
              R"("web")");
    EXPECT_EQ(render("{{# if\tport = 80 }}x{{/ if }}", kNames), R"("x")");
    EXPECT_EQ(render("{{#iffy}}x{{/iffy}}", R"({"iffy":true})"), R"("x")");
}

TEST(Conditions, SeeTheNamesOfTheirPlace) {
    constexpr std::string_view kNames = R"({"l":[{"p":1},{"p":2}],"p":9})";
    EXPECT_EQ(render("{{#l}}{{#if p = 2}}{{p}}{{#if root.p = 9}}!{{/if}}{{/if}}{{/l}}", kNames),
              R"("2!")");
    EXPECT_EQ(render("{{#l}}{{#if @last = true}}{{p}}{{/if}}{{/l}}", kNames), R"("2")");
    EXPECT_EQ(render("{{#l.0}}{{#if root.l.1.p = 2}}x{{/if}}{{/l.0}}", kNames), R"("x")");
}

TEST(Conditions, TakeWhatIsMissingBelowLabelsAndFactsForNull) {
    constexpr std::string_view kNames = R"({"host":{"labels":{}}})";
    EXPECT_EQ(render("{{#if host.labels.rack = null}}x{{/if}}", kNames), R"("x")");
    const Fault fault = render_fault("{{#if host.label.rack = null}}x{{/if}}", kNames);
    EXPECT_EQ(fault.code, Errc::not_found);
    EXPECT_EQ(to_string(fault),
              "line 1, column 12: 'host' has no member 'label': expected one of labels");
}

TEST(Conditions, AreReadOnceWithPlacesOfTheTemplate) {
    int reads = 0;
    const ReadCondition count = [&](std::string_view text) {
        ++reads;
        return read_test_condition(text);
    };
    const Template read = Template::parse("{{#if a = 1}}x{{/if}}", count).value();
    TestNames names(R"({"a":1})");
    for (int i = 0; i < 3; ++i) EXPECT_EQ(read.render(names)->value, json::Value("x"));
    EXPECT_EQ(reads, 1);
    EXPECT_EQ(to_string(fault_of("a\n{{#if  port }}")), "line 2, column 12: expected =, < or >");
    EXPECT_EQ(to_string(fault_of("{{#if}}")), "line 1, column 6: expected a filter behind #if");
    EXPECT_EQ(to_string(fault_of("{{#if a..b = 1}}{{/if}}")),
              "line 1, column 7: expected a name such as port, host.name or list.0, or one of . "
              "@first @last @index, not 'a..b'");
}

TEST(Conditions, OfNoLanguageAreFaults) {
    EXPECT_EQ(Template::parse("{{#if a = 1}}{{/if}}").error().what,
              "expected no #if: there are no filters");
}

TEST(Conditions, CannotHideThatANameIsWrong) {
    const ReadCondition always = [](std::string_view) -> TemplateResult<Condition> {
        return Condition{
            .fields = {{"gone", 0}},
            .holds = [](const FindField& find) -> Result<bool> { return !find("gone"); }};
    };
    TestNames names("{}");
    const Template read = Template::parse("{{#if x}}{{/if}}", always).value();
    EXPECT_EQ(read.render(names).error().code, Errc::not_found);
}

TEST(Conditions, AskOnlyForWhatTheyAnnounced) {
    const ReadCondition sly = [](std::string_view) -> TemplateResult<Condition> {
        return Condition{.fields = {}, .holds = [](const FindField& find) -> Result<bool> {
                             return find("secret").has_value();
                         }};
    };
    TestNames names(R"({"secret":1})");
    const Template read = Template::parse("{{#if x}}{{/if}}", sly).value();
    EXPECT_EQ(read.render(names).error().code, Errc::internal);
    EXPECT_TRUE(names.asked.empty());
}

TEST(Conditions, ThatFailEndTheRenderingAtTheirPlace) {
    const ReadCondition failing = [](std::string_view) -> TemplateResult<Condition> {
        return Condition{.fields = {}, .holds = [](const FindField&) -> Result<bool> {
                             return fail(Errc::invalid, "a text is compared with a number");
                         }};
    };
    TestNames names("{}");
    const Template read = Template::parse("ab{{#if x}}{{/if}}", failing).value();
    EXPECT_EQ(to_string(read.render(names).error()),
              "line 1, column 9: a text is compared with a number");
}

}  // namespace
}  // namespace evenkeel::templates
