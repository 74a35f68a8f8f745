#include "orchestrator/api/model_bodies.hpp"

#include <gtest/gtest.h>

#include "orchestrator/api/model_edits.hpp"

namespace evenkeel::api {
namespace {

json::Value parse(const char* text) {
    return *json::parse(text);
}

TEST(ModelBodiesTest, AMergePatchDoesWhatItsStandardSays) {
    // RFC 7396, appendix A.
    const char* const examples[][3] = {
        {R"({"a":"b"})", R"({"a":"c"})", R"({"a":"c"})"},
        {R"({"a":"b"})", R"({"b":"c"})", R"({"a":"b","b":"c"})"},
        {R"({"a":"b"})", R"({"a":null})", R"({})"},
        {R"({"a":"b","b":"c"})", R"({"a":null})", R"({"b":"c"})"},
        {R"({"a":["b"]})", R"({"a":"c"})", R"({"a":"c"})"},
        {R"({"a":"c"})", R"({"a":["b"]})", R"({"a":["b"]})"},
        {R"({"a":{"b":"c"}})", R"({"a":{"b":"d","c":null}})", R"({"a":{"b":"d"}})"},
        {R"({"a":[{"b":"c"}]})", R"({"a":[1]})", R"({"a":[1]})"},
        {R"(["a","b"])", R"(["c","d"])", R"(["c","d"])"},
        {R"({"a":"b"})", R"(["c"])", R"(["c"])"},
        {R"({"a":"foo"})", R"(null)", R"(null)"},
        {R"({"a":"foo"})", R"("bar")", R"("bar")"},
        {R"({"e":null})", R"({"a":1})", R"({"e":null,"a":1})"},
        {R"([1,2])", R"({"a":"b","c":null})", R"({"a":"b"})"},
        {R"({})", R"({"a":{"bb":{"ccc":null}}})", R"({"a":{"bb":{}}})"}};
    for (const auto& [target, patch, result] : examples) {
        EXPECT_EQ(merge_patch(parse(target), parse(patch)), parse(result)) << target << patch;
    }
}

TEST(ModelBodiesTest, WhatIsShownOnlyMayComeBackAndANameMustBeTheSame) {
    json::Value body = parse(R"({"name":"web","revision":7,"note":"x"})");
    Findings findings;
    take_out(body, {{"name", "web"}}, {"revision"}, findings);
    EXPECT_TRUE(findings.empty());
    EXPECT_EQ(body, parse(R"({"note":"x"})"));
    body = parse(R"({"name":"db"})");
    take_out(body, {{"name", "web"}}, {}, findings);
    ASSERT_EQ(findings.size(), 1U);
    EXPECT_EQ(findings.problem().errors[0].pointer, "/name");
}

TEST(ModelBodiesTest, WhatTheUrlNamesIsMissingAndWhatTheBodyNamesIsAWrongField) {
    EXPECT_EQ(problem_of({{0, "", "not-found", "no parent"}}).code, http::Code::not_found);
    EXPECT_EQ(problem_of({{0, "", "in-use", "used"}}).code, http::Code::invalid_state);
    const auto wrong =
        problem_of({{0, "/link", "invalid", "x"}, {1, "", "invalid", "y"}}, {"/a", "/b"});
    EXPECT_EQ(wrong.code, http::Code::invalid_description);
    EXPECT_EQ(wrong.errors[0].pointer, "/a/link");
    EXPECT_EQ(wrong.errors[1].pointer, "/b");
}

}  // namespace
}  // namespace evenkeel::api
