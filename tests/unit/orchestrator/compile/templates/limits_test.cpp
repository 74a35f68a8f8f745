#include "orchestrator/compile/templates/limits.hpp"

#include <gtest/gtest.h>

#include "tests/unit/orchestrator/compile/templates/fixture.hpp"

// No template runs long, grows without bound or crashes; each limit is reached exactly.
namespace evenkeel::templates {
namespace {

std::string repeated(std::string_view text, std::size_t times) {
    std::string out;
    for (std::size_t i = 0; i < times; ++i) out += text;
    return out;
}

json::Value list_of(std::size_t size, const json::Value& item) {
    return json::Array(size, item);
}

TEST(Limits, OfTheTemplateItself) {
    EXPECT_TRUE(Template::parse(std::string(kTemplateBytesMost, 'x')));
    EXPECT_EQ(fault_of(std::string(kTemplateBytesMost + 1, 'x')).code, Errc::limit);
    EXPECT_TRUE(Template::parse(repeated("{{a}}", kTagsMost)));
    const Fault fault = fault_of(repeated("{{a}}", kTagsMost + 1));
    EXPECT_EQ(fault.code, Errc::limit);
    EXPECT_EQ(fault.place.byte, kTagsMost * 5);
    EXPECT_EQ(fault_of("{{" + std::string(257, 'a') + "}}").code, Errc::limit);
}

TEST(Limits, OfBlocksInsideBlocks) {
    const auto nested = [](std::size_t depth) {
        return repeated("{{#t}}", depth) + "x" + repeated("{{/t}}", depth);
    };
    EXPECT_EQ(render(nested(32), R"({"t":true})"), R"("x")");
    EXPECT_EQ(fault_of(nested(33)).code, Errc::limit);
    EXPECT_EQ(fault_of(repeated("{{#if t = 1}}", 20) + repeated("{{^t}}", 13)).code, Errc::limit);
}

TEST(Limits, OfTheOutput) {
    json::Object names{{"k", std::string(1024, 'x')}, {"l", list_of(512, 1)}};
    TestNames source(names);
    EXPECT_EQ(parsed("{{#l}}{{root.k}}{{/l}}").render(source)->value.as_string().size(),
              kOutputBytesMost);
    const Fault fault = parsed("{{#l}}{{root.k}}{{/l}}y").render(source).error();
    EXPECT_EQ(fault.code, Errc::limit);
    EXPECT_EQ(fault.what, "expected at most 512 KiB of output");
    EXPECT_EQ(fault.place.byte, 22U);
}

TEST(Limits, OfValuesThatAreTakenWhole) {
    const json::Value big = list_of(kOutputBytesMost, 1);
    const json::Value text = std::string(kOutputBytesMost, 'x');
    TestNames source(json::Object{{"big", big}, {"text", text}});
    for (const std::string tag : {"{{big}}", "{{big|json}}", "{{text}}", "{{text|json}}",
                                  "{{big|join:\",\"}}", "-{{text}}", "-{{big|json}}"}) {
        EXPECT_EQ(parsed(tag).render(source).error().code, Errc::limit) << tag;
    }
}

// The items are never written and never kept: their count alone is the work.
TEST(Limits, OfTheSteps) {
    TestNames source(json::Object{{"l", list_of(1000, 1)}, {"m", list_of(400, 1)}});
    EXPECT_TRUE(parsed("{{#m}}{{#root.m}}{{/root.m}}{{/m}}").render(source));
    const std::string deep = repeated("{{#root.l}}", 20) + repeated("{{/root.l}}", 20);
    EXPECT_EQ(parsed(deep).render(source).error().what,
              "expected a rendering of at most 1,000,000 steps");
    EXPECT_EQ(parsed("{{#l}}{{#root.l}}{{/root.l}}{{/l}}").render(source).error().code,
              Errc::limit);
}

TEST(Limits, OfTheStepsCountTheWorkThatIsNoOutput) {
    json::Object wide;
    for (int i = 0; i < 64'000; ++i) wide.append("member" + std::to_string(i), 1);
    TestNames source(json::Object{{"l", list_of(1000, 1)},
                                  {"empty", list_of(2000, "")},
                                  {"wide", wide},
                                  {"text", std::string(128'000, 'x')}});
    for (const std::string block : {"{{#root.wide.member63999}}{{/root.wide.member63999}}",
                                    "{{root.empty|join:\"\"}}", "{{#if root.text = x}}{{/if}}"}) {
        EXPECT_EQ(parsed("{{#l}}" + block + "{{/l}}").render(source).error().code, Errc::limit)
            << block;
    }
}

TEST(Limits, AreTheSameInAnyOrderOfMembers) {
    TestNames one(R"({"a":1,"b":{"x":1,"y":2}})");
    TestNames two(R"({"b":{"y":2,"x":1},"a":1})");
    const Template read = parsed("{{a}}{{b.x}}{{b|json}}{{#b}}{{y}}{{/b}}");
    EXPECT_EQ(read.render(one)->value, read.render(two)->value);
}

}  // namespace
}  // namespace evenkeel::templates
