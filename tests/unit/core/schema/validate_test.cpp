#include <chrono>
#include <thread>

#include <gtest/gtest.h>

#include "core/schema/schema.hpp"

namespace evenkeel::schema {
namespace {

using Lines = std::vector<std::string>;

// "pointer code" of each wrong field.
Lines wrong(const Schema& schema, const std::string& document, Mode mode = Mode::description) {
    Lines lines;
    for (const FieldError& error : schema.validate(json::parse(document).value(), mode)) {
        lines.push_back(error.pointer + " " + error.code);
        EXPECT_NE(error.detail, "");
    }
    return lines;
}

Lines wrong(const std::string& schema, const std::string& document) {
    const auto compiled = Schema::compile(schema);
    EXPECT_TRUE(compiled) << compiled.error().what;
    return compiled ? wrong(*compiled, document) : Lines{"schema refused"};
}

const Schema& files() {
    static const Schema schema = Schema::compile(R"({
        "type": "object", "additionalProperties": false, "required": ["path"],
        "properties": {
            "path": {"type": "string", "pattern": "^/", "maxLength": 20},
            "mode": {"type": "string", "pattern": "^[0-7]{4}$"},
            "kind": {"enum": ["file", "symlink"]},
            "content": {"type": "string", "writeOnly": true},
            "size": {"type": "integer", "readOnly": true},
            "owners": {"type": "array", "uniqueItems": true,
                       "items": {"type": "object", "additionalProperties": false,
                                 "required": ["name"],
                                 "properties": {"name": {"type": "string"}}}},
            "labels": {"type": "object", "propertyNames": {"pattern": "^[a-z]+$"},
                       "additionalProperties": {"type": "string", "pattern": "^[0-9]*$"}}
        }})")
                                     .value();
    return schema;
}

TEST(Validate, FindsNothingWrongWithWhatIsRight) {
    EXPECT_EQ(wrong(files(), R"({"path":"/a","mode":"0644","kind":"file","content":"x",
                                 "owners":[{"name":"a"},{"name":"b"}],"labels":{"a":"1"}})"),
              Lines{});
}

TEST(Validate, FindsEveryWrongFieldAtOnce) {
    EXPECT_EQ(wrong(files(), R"({"path":7,"mode":"644","kind":"pipe","colour":"red",
                                 "owners":[{"name":1},{"nmae":"b"}],"labels":{"A":"1","b":"x"}})"),
              (Lines{"/colour unknown-field", "/kind invalid", "/labels/A invalid",
                     "/labels/b invalid", "/mode invalid", "/owners/0/name invalid",
                     "/owners/1/name invalid", "/owners/1/nmae unknown-field", "/path invalid"}));
}

TEST(Validate, AMissingFieldIsNamed) {
    EXPECT_EQ(wrong(files(), "{}"), Lines{"/path invalid"});
}

TEST(Validate, NullIsNotAnOmittedField) {
    EXPECT_EQ(wrong(files(), R"({"path":"/a","mode":null})"), Lines{"/mode invalid"});
}

TEST(Validate, TheWholeDocumentMayBeWrong) {
    for (const char* document : {"[]", "\"x\"", "1", "null"}) {
        EXPECT_EQ(wrong(files(), document), Lines{" invalid"}) << document;
    }
}

TEST(Validate, PointersAreEscaped) {
    EXPECT_EQ(wrong(files(), R"({"path":"/a","a/b~c[]":1})"), Lines{"/a~1b~0c[] unknown-field"});
    EXPECT_EQ(wrong(R"({"properties":{"a/b]":{"type":"string"}}})", R"({"a/b]":1})"),
              Lines{"/a~1b] invalid"});
}

TEST(Validate, ADescriptionAsksForNothingThatIsOnlyRead) {
    EXPECT_EQ(wrong(files(), R"({"path":"/a","size":1})"), Lines{"/size invalid"});
    EXPECT_EQ(wrong(files(), R"({"path":"/a","size":1})", Mode::state), Lines{});
    EXPECT_EQ(wrong(files(), R"({"path":"/a","content":"x"})", Mode::state),
              Lines{"/content invalid"});
}

TEST(Validate, ARequiredFieldIsNotMissedWhereItHasNoPlace) {
    const auto schema = Schema::compile(R"({"required":["in","out"],"properties":{
        "in":{"type":"string","writeOnly":true},"out":{"type":"string","readOnly":true}}})");
    EXPECT_EQ(wrong(*schema, "{}"), Lines{"/in invalid"});
    EXPECT_EQ(wrong(*schema, "{}", Mode::state), Lines{"/out invalid"});
}

TEST(Validate, DetailsSayWhatWouldBeRight) {
    const auto errors =
        files().validate(json::parse(R"({"path":7,"kind":"pipe"})").value(), Mode::description);
    ASSERT_EQ(errors.size(), 2U);
    EXPECT_EQ(errors[0].detail, R"(must be "file" or "symlink")");
    EXPECT_EQ(errors[1].detail, "is integer, must be string");
}

TEST(Validate, BoundsAreToldInWords) {
    const auto detail = [](const std::string& field, const std::string& value) {
        const auto schema =
            Schema::compile(R"({"type":"object","properties":{"a":)" + field + "}}").value();
        const auto errors =
            schema.validate(json::parse("{\"a\":" + value + "}").value(), Mode::description);
        return errors.size() == 1 ? errors[0].detail : std::to_string(errors.size()) + " errors";
    };
    EXPECT_EQ(detail(R"({"type":"string","minLength":1})", R"("")"), "must not be empty");
    EXPECT_EQ(detail(R"({"type":"string","minLength":3})", R"("a")"),
              "must have at least 3 characters");
    EXPECT_EQ(detail(R"({"type":"string","maxLength":1})", R"("ab")"),
              "must have at most 1 character");
    EXPECT_EQ(detail(R"({"type":"integer","minimum":0})", "-1"), "must be at least 0");
    EXPECT_EQ(detail(R"({"type":"integer","maximum":4294967294})", "4294967295"),
              "must be at most 4294967294");
    EXPECT_EQ(detail(R"({"type":"number","minimum":0.5})", "0"), "must be at least 0.5");
    EXPECT_EQ(detail(R"({"type":"array","items":{"type":"integer"},"minItems":1})", "[]"),
              "must not be empty");
    EXPECT_EQ(detail(R"({"type":"array","items":{"type":"integer"},"maxItems":2})", "[1,2,3]"),
              "must have at most 2 items");
}

TEST(Validate, DetailsHoldNoValues) {
    const auto errors = files().validate(
        json::parse(R"({"path":"hunter2","mode":"hunter2","kind":"hunter2","size":"hunter2",
                        "owners":["hunter2"],"labels":{"a":"hunter2"}})")
            .value(),
        Mode::description);
    EXPECT_EQ(errors.size(), 6U);
    for (const FieldError& error : errors) {
        EXPECT_EQ(error.detail.find("hunter2"), std::string::npos) << error.detail;
    }
}

TEST(Validate, RunsEachWordOfTheSubset) {
    struct Case {
        const char* schema;
        const char* good;
        const char* bad;
    };
    for (const Case& each : std::initializer_list<Case>{
             {R"({"type":"integer"})", "1.0", "1.5"},
             {R"({"type":["null","boolean"]})", "null", "0"},
             {R"({"type":"number"})", "1", "\"1\""},
             {R"({"const":{"a":[1]}})", R"({"a":[1.0]})", R"({"a":[2]})"},
             {R"({"enum":["a",1]})", "1", "\"b\""},
             {R"({"minLength":2})", "\"éé\"", "\"é\""},
             {R"({"maxLength":2})", "\"éé\"", "\"aaa\""},
             {R"({"minimum":2})", "2", "1"},
             {R"({"maximum":2})", "2", "3"},
             {R"({"exclusiveMinimum":2})", "3", "2"},
             {R"({"exclusiveMaximum":2})", "1", "2"},
             {R"({"multipleOf":3})", "9", "10"},
             {R"({"multipleOf":2})", "4.0", "2.5"},
             {R"({"multipleOf":0.1})", "0.3", "0.35"},
             {R"({"minItems":1})", "[1]", "[]"},
             {R"({"maxItems":1})", "[1]", "[1,2]"},
             {R"({"items":{"type":"string"}})", "[\"a\"]", "[1]"},
             {R"({"contains":{"const":1}})", "[0,1]", "[0]"},
             {R"({"uniqueItems":true})", R"([1,2,"1"])", R"([{"a":1,"b":2},{"b":2.0,"a":1}])"},
             {R"({"minProperties":1})", R"({"a":1})", "{}"},
             {R"({"maxProperties":1})", R"({"a":1})", R"({"a":1,"b":2})"},
             {R"({"propertyNames":{"maxLength":1}})", R"({"a":1})", R"({"ab":1})"},
             {R"({"additionalProperties":{"type":"string"}})", R"({"a":"b"})", R"({"a":1})"},
             {R"({"allOf":[{"minimum":1},{"maximum":3}]})", "2", "4"},
             {R"({"anyOf":[{"maximum":1},{"minimum":3}]})", "3", "2"},
             {R"({"oneOf":[{"maximum":2},{"minimum":2}]})", "1", "2"},
             {R"({"not":{"type":"string"}})", "1", "\"a\""},
             {R"({"if":{"type":"string"},"then":{"minLength":1},"else":{"minimum":1}})", "\"a\"",
              "0"},
             {R"({"anyOf":[{"properties":{"a":{}},"additionalProperties":false},
                           {"required":["b"]}]})",
              R"({"b":1,"c":1})", R"({"c":1})"},
             {R"({"$defs":{"n":{"pattern":"^a"}},"items":{"$ref":"#/$defs/n"}})", R"(["a"])",
              R"(["b"])"},
         }) {
        EXPECT_EQ(wrong(each.schema, each.good), Lines{}) << each.schema << each.good;
        EXPECT_NE(wrong(each.schema, each.bad), Lines{}) << each.schema << each.bad;
    }
}

TEST(Validate, AConditionsErrorIsTheFieldsOwn) {
    const std::string schema = R"({"properties":{"type":{"enum":["file","other"]}},
        "if":{"not":{"required":["mtime"]}},"then":{"properties":{"type":{"enum":["file"]}}}})";
    EXPECT_EQ(wrong(schema, R"({"type":"other"})"), Lines{"/type invalid"});
    EXPECT_EQ(wrong(schema, R"({"type":"other","mtime":"x"})"), Lines{});
}

TEST(Validate, FormatsForbidNothing) {
    EXPECT_EQ(wrong(R"({"format":"date-time"})", "\"not a date\""), Lines{});
}

TEST(Validate, PatternsTakeTimeLinearToTheText) {
    const auto schema = Schema::compile(R"({"properties":{"a":{"pattern":"^(a+)+$"},
                                                          "b":{"pattern":"^([a-z0-9-]+)$"}}})");
    const std::string text(200'000, 'a');
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(wrong(*schema, R"({"a":")" + text + R"(!","b":")" + text + "\"}"),
              Lines{"/a invalid"});
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(2));
}

TEST(Validate, ManyItemsTakeReasonableTimeAndManyErrorsAreCutOff) {
    std::string numbers = "[0";
    for (int i = 1; i < 15'000; ++i) numbers += "," + std::to_string(i);
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(wrong(R"({"uniqueItems":true})", numbers + "]"), Lines{});
    EXPECT_EQ(wrong(R"({"items":{"type":"string"}})", numbers + "]").size(), 100U);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
}

TEST(Validate, RefusesDocumentsOfTooManyValues) {
    std::string zeros = "[0";
    for (int i = 0; i < 20'001; ++i) zeros += ",0";
    EXPECT_EQ(wrong("{}", zeros + "]"), Lines{" invalid"});
}

TEST(Validate, IsDoneByManyThreadsAtOnce) {
    // The sanitizers' builds say more here than the result.
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([] {
            for (int i = 0; i < 50; ++i) {
                EXPECT_EQ(wrong(files(), R"({"path":"/a","mode":"9"})"), Lines{"/mode invalid"});
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace evenkeel::schema
