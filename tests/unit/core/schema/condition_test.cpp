#include "core/schema/condition.hpp"

#include <random>

#include <gtest/gtest.h>

#include "core/schema/validator.hpp"

namespace evenkeel::schema {
namespace {

using json::Value;

const char* const kValues[] = {"null",
                               "true",
                               "0",
                               "1",
                               "2.5",
                               "3.0",
                               R"("")",
                               R"("a")",
                               R"("éé")",
                               R"([])",
                               R"([1])",
                               R"([1,1,"a"])",
                               R"({})",
                               R"({"a":1})",
                               R"({"a":"éé","b":[]})",
                               R"({"b":{"a":1}})",
                               R"({"a":[3],"c":true})"};
// % stands for another schema. (No whole multipleOf: to the library 2.5 is a multiple of 2.)
const char* const kSchemas[] = {"{}",
                                R"({"type":"object"})",
                                R"({"type":["integer","string"]})",
                                R"({"enum":["a",1,[]]})",
                                R"({"const":1})",
                                R"({"required":["a"]})",
                                R"({"required":["a","b"],"readOnly":true})",
                                R"({"minLength":1,"maxLength":1})",
                                R"({"minItems":1,"maxItems":2})",
                                R"({"minProperties":1,"maxProperties":1})",
                                R"({"minimum":1,"exclusiveMaximum":3})",
                                R"({"exclusiveMinimum":1,"maximum":3})",
                                R"({"multipleOf":0.5})",
                                R"({"not":%})",
                                R"({"items":%})",
                                R"({"contains":%})",
                                R"({"propertyNames":%})",
                                R"({"properties":{"a":%,"b":%}})",
                                R"({"properties":{"a":%},"additionalProperties":false})",
                                R"({"properties":{"a":%},"additionalProperties":%})",
                                R"({"properties":{"a":{"readOnly":true}},"required":["a"]})",
                                R"({"allOf":[%,%]})",
                                R"({"anyOf":[%,%]})",
                                R"({"oneOf":[%,%]})",
                                R"({"if":%,"then":%})",
                                R"({"if":%,"then":%,"else":%})",
                                R"({"if":%,"else":%})"};

std::string some_schema(std::mt19937& random, int depth) {
    const std::size_t count = depth == 0 ? 13 : std::size(kSchemas);
    std::string text = kSchemas[random() % count];
    for (std::size_t at = text.find('%'); at != text.npos; at = text.find('%', at)) {
        const std::string inner = some_schema(random, depth - 1);
        text.replace(at, 1, inner);
        at += inner.size();
    }
    return text;
}

// Only what Rules does not know is left to the library, and nobody may notice.
TEST(Condition, AcceptsWhatTheLibraryAcceptsAlone) {
    std::mt19937 random(20261130);  // NOLINT: the same schemas in every run
    for (int i = 0; i < 3000; ++i) {
        const std::string text = some_schema(random, 3);
        const Value schema = *json::parse(text);
        const auto condition = Condition::compile(schema);
        ASSERT_TRUE(condition) << text << condition.error().what;
        const auto library = Validator::compile(schema);
        ASSERT_TRUE(library) << text;
        for (const char* written : kValues) {
            const Value value = *json::parse(written);
            const bool expected = !*library || (*library)->accepts(value);
            ASSERT_EQ((*condition)->accepts(value), expected) << text << " and " << written;
        }
    }
}

}  // namespace
}  // namespace evenkeel::schema
