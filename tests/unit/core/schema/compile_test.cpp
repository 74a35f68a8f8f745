#include <gtest/gtest.h>

#include "core/crypto/hash.hpp"
#include "core/schema/schema.hpp"

namespace evenkeel::schema {
namespace {

// Why the schema is refused, or "" when it is not.
std::string refusal(const std::string& text) {
    const auto schema = Schema::compile(text);
    if (schema) return "";
    EXPECT_NE(schema.error().what, "");
    return schema.error().what;
}

bool mentions(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

TEST(Compile, TakesTheWholeCommonSubset) {
    EXPECT_EQ(refusal(R"({
        "$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "x", "$comment": "c",
        "title": "t", "description": "d", "type": "object", "additionalProperties": false,
        "required": ["a"], "minProperties": 1, "maxProperties": 9,
        "propertyNames": {"maxLength": 10, "pattern": "^[a-z]+$"},
        "properties": {
            "a": {"type": ["string", "null"], "minLength": 0, "maxLength": 5, "pattern": "^x",
                  "format": "date", "default": "x", "examples": ["x"], "deprecated": true},
            "b": {"type": "integer", "minimum": 0, "maximum": 9, "exclusiveMinimum": -1,
                  "exclusiveMaximum": 10, "multipleOf": 3},
            "c": {"type": "array", "items": {"enum": [1, "2", null]}, "minItems": 1,
                  "maxItems": 3, "uniqueItems": true, "contains": {"const": 1}},
            "d": {"allOf": [{"type": "string"}], "anyOf": [{"minLength": 1}],
                  "oneOf": [{"maxLength": 5}], "not": {"const": "no"},
                  "if": {"const": "a"}, "then": {"minLength": 1}, "else": {"maxLength": 9}},
            "e": {"$ref": "#/$defs/e", "description": "beside it"},
            "f": {"type": "object", "additionalProperties": {"type": "string"}},
            "g": {"type": "string", "readOnly": true, "contentEncoding": "base64",
                  "contentMediaType": "text/plain"}
        },
        "$defs": {"e": {"type": "string", "writeOnly": true}}
    })"),
              "");
}

TEST(Compile, NamesAWordThatItDoesNotKnowAndItsPlace) {
    for (const char* word : {"patternProperties", "dependencies", "unevaluatedProperties",
                             "prefixItems", "minContains", "$anchor", "maxlength", "requried"}) {
        const std::string why =
            refusal(R"({"properties":{"a":{")" + std::string(word) + R"(":{}}}})");
        EXPECT_TRUE(mentions(why, "/properties/a/" + std::string(word))) << why;
    }
}

TEST(Compile, RefusesAWordOfOurOwnThatItDoesNotKnow) {
    EXPECT_EQ(refusal(R"({"properties": {"a": {"x-ek-alias": "uid"}}})"), "");
    EXPECT_TRUE(mentions(refusal(R"({"properties": {"a": {"x-ek-secret": true}}})"),
                         "/properties/a/x-ek-secret"));
    EXPECT_TRUE(mentions(refusal(R"({"properties": {"a": {"items": {"x-ek-secret": true}}}})"),
                         "/properties/a/items/x-ek-secret"));
    EXPECT_TRUE(mentions(refusal(R"({"x-ek-later": 1})"), "/x-ek-later"));
    EXPECT_TRUE(
        mentions(refusal(R"({"properties": {"a": {"$ref": "#/$defs/b", "x-ek-secret": true}},
                                     "$defs": {"b": {}}})"),
                 "/properties/a/x-ek-secret"));
}

TEST(Compile, RefusesSecretNames) {
    EXPECT_TRUE(
        mentions(refusal(R"({"propertyNames": {"x-ek-sensitive": true}})"), "/propertyNames"));
}

TEST(Compile, NamesAWordWithAWrongValue) {
    for (const char* wrong : {R"({"type":"strnig"})",
                              R"({"type":[]})",
                              R"({"minLength":-1})",
                              R"({"minLength":"1"})",
                              R"({"minLength":1.5})",
                              R"({"required":"a"})",
                              R"({"required":[1]})",
                              R"({"enum":[]})",
                              R"({"multipleOf":0})",
                              R"({"exclusiveMinimum":true})",
                              R"({"readOnly":"yes"})",
                              R"({"properties":[]})",
                              R"({"properties":{"a":true}})",
                              R"({"items":[{}]})",
                              R"({"items":true})",
                              R"({"additionalProperties":1})",
                              R"({"allOf":[]})",
                              R"({"allOf":{}})",
                              R"({"x-ek-compare":"fuzzy"})",
                              R"({"x-ek-key":"^a"})",
                              R"({"x-ek-key":{"pattern":"a","not":1}})",
                              R"({"x-ek-message":1})",
                              R"({"x-ek-mirrors":{"collection":"c","property":"p"}})",
                              R"({"properties":{"a":{"x-ek-mirrors":"c","x-ek-compare":"set"}}})",
                              R"({"properties":{"a":{"x-ek-compare":"set",
                                  "x-ek-mirrors":{"collection":"c"}}}})",
                              R"({"properties":{"a":{
                                  "x-ek-mirrors":{"collection":"c","property":"p"}}}})",
                              R"({"properties":{"a":{"x-ek-compare":"set","x-ek-sensitive":true,
                                  "x-ek-mirrors":{"collection":"c","property":"p"}}}})",
                              R"({"properties":{"a":{"properties":{"b":{"x-ek-compare":"set",
                                  "x-ek-mirrors":{"collection":"c","property":"p"}}}}}})",
                              R"({"x-ek-sensitive":1})",
                              R"({"$schema":"http://json-schema.org/draft-04/schema#"})",
                              R"([])",
                              R"(true)",
                              R"("x")"}) {
        EXPECT_TRUE(mentions(refusal(wrong), "schema, at")) << wrong;
    }
}

TEST(Compile, RefusesWhatIsNoJsonOrTooLarge) {
    EXPECT_NE(refusal("{"), "");
    EXPECT_NE(refusal(R"({"type":"object","type":"object"})"), "");
    EXPECT_NE(refusal(R"({"title":")" + std::string(300'000, 'x') + "\"}"), "");
}

TEST(Compile, RefusesPatternsThatRe2CannotRun) {
    EXPECT_TRUE(mentions(refusal(R"({"pattern":"(?=a)b"})"), "RE2"));
    EXPECT_TRUE(mentions(refusal(R"({"pattern":"("})"), "RE2"));
    EXPECT_TRUE(mentions(refusal(R"({"pattern":"(a)\\1"})"), "RE2"));
    EXPECT_TRUE(mentions(refusal(R"({"pattern":"((a{1000}){1000}){1000}"})"), "RE2"));
    EXPECT_TRUE(mentions(refusal(R"({"x-ek-key":{"pattern":"["}})"), "RE2"));
}

TEST(Compile, RefusesPatternsWhereTheyNeedNotHold) {
    for (const char* word : {"not", "if", "contains"}) {
        const std::string why = refusal(R"({")" + std::string(word) + R"(":{"pattern":"a"}})");
        EXPECT_TRUE(mentions(why, "inside a condition")) << why;
    }
    EXPECT_NE(refusal(R"({"anyOf":[{"properties":{"a":{"pattern":"a"}}}]})"), "");
    EXPECT_NE(refusal(R"({"oneOf":[{"uniqueItems":true}]})"), "");
    EXPECT_NE(refusal(R"({"if":{"if":{},"then":{"pattern":"a"}}})"), "");
    EXPECT_NE(refusal(R"({"anyOf":[{"contentEncoding":"base64"}]})"), "");
    EXPECT_NE(refusal(R"({"anyOf":[{"x-ek-message":"never told"}]})"), "");
    EXPECT_EQ(refusal(R"({"allOf":[{"items":{"pattern":"a"}}]})"), "");
    EXPECT_EQ(refusal(R"({"if":{},"then":{"pattern":"a"},"else":{"pattern":"b"}})"), "");
}

TEST(Compile, FollowsReferencesOnlyInsideTheSchema) {
    for (const char* to : {"http://127.0.0.1/x", "other.json#/a", "file:///etc/passwd", "#", "#/",
                           "#/properties/a", "#/$defs/none", "#/$defs/a/../b"}) {
        EXPECT_NE(
            refusal(R"({"$defs":{"a":{}},"properties":{"a":{"$ref":")" + std::string(to) + "\"}}}"),
            "")
            << to;
    }
    EXPECT_NE(refusal(R"({"$defs":{"a":{}},"properties":{"a":{"$ref":1}}})"), "");
    EXPECT_EQ(refusal(R"({"definitions":{"a/b":{}},"items":{"$ref":"#/definitions/a~1b"}})"), "");
}

TEST(Compile, RefusesOtherRulesBesideAReference) {
    // Draft 7 ignores them, 2020-12 does not.
    EXPECT_NE(refusal(R"({"$defs":{"a":{}},"items":{"$ref":"#/$defs/a","type":"string"}})"), "");
}

TEST(Compile, RefusesReferencesThatNeverEndOrGrowWithoutBound) {
    EXPECT_NE(refusal(R"({"$defs":{"a":{"$ref":"#/$defs/a"}},"items":{"$ref":"#/$defs/a"}})"), "");
    EXPECT_NE(refusal(R"({"$defs":{"a":{"items":{"$ref":"#/$defs/a"}}},
                          "items":{"$ref":"#/$defs/a"}})"),
              "");
    std::string doubling = R"({"$defs":{"a0":{})";
    for (int i = 1; i <= 20; ++i) {
        const std::string below = R"({"$ref":"#/$defs/a)" + std::to_string(i - 1) + "\"}";
        doubling += ",\"a" + std::to_string(i) + "\":{\"allOf\":[" + below + "," + below + "]}";
    }
    EXPECT_NE(refusal(doubling + R"(},"items":{"$ref":"#/$defs/a20"}})"), "");
}

TEST(Words, TellWhatEachPropertyIs) {
    const auto schema = Schema::compile(R"({"x-ek-key": {"pattern": "^/", "description": "a path"},
        "properties": {
            "secret": {"x-ek-sensitive": true, "writeOnly": true},
            "size": {"readOnly": true, "x-ek-compare": "volatile"},
            "members": {"x-ek-compare": "set", "x-ek-replace": true},
            "name": {"$ref": "#/$defs/name", "x-ek-sensitive": true}},
        "$defs": {"name": {"type": "string", "x-ek-compare": "caseless"}}})");
    ASSERT_TRUE(schema) << schema.error().what;
    EXPECT_TRUE(schema->property("secret")->sensitive);
    EXPECT_TRUE(schema->property("secret")->write_only);
    EXPECT_EQ(schema->property("secret")->compare, Comparison::exact);
    EXPECT_TRUE(schema->property("size")->read_only);
    EXPECT_EQ(schema->property("size")->compare, Comparison::changing);
    EXPECT_TRUE(schema->property("members")->replace);
    EXPECT_EQ(schema->property("members")->compare, Comparison::set);
    EXPECT_EQ(schema->property("name")->compare, Comparison::caseless);
    EXPECT_TRUE(schema->property("name")->sensitive);
    EXPECT_EQ(schema->property("other"), nullptr);
    EXPECT_EQ(schema->property_names(),
              (std::vector<std::string>{"secret", "size", "members", "name"}));
    EXPECT_EQ(schema->key_pattern(), "^/");
    EXPECT_EQ(schema->key_description(), "a path");
}

TEST(Words, KeysMatchTheirPattern) {
    const auto schema = Schema::compile(R"({"x-ek-key": {"pattern": "^/[a-z]+$"}})");
    EXPECT_TRUE(schema->accepts_key("/etc"));
    EXPECT_FALSE(schema->accepts_key("etc"));
    EXPECT_FALSE(schema->accepts_key("/etc\n"));
    EXPECT_FALSE(schema->accepts_key(""));
    EXPECT_TRUE(Schema::compile("{}")->accepts_key("anything"));
}

TEST(Words, KeysDoNotMatchWhatTheirPatternExcludes) {
    const auto schema =
        Schema::compile(R"({"x-ek-key": {"pattern": "^[a-z.]+$", "not": "\\.b$"}})");
    EXPECT_TRUE(schema->accepts_key("a.c"));
    EXPECT_FALSE(schema->accepts_key("a.b"));
    EXPECT_NE(refusal(R"({"x-ek-key": {"pattern": "a", "not": "("}})"), "");
}

TEST(Words, TheHashIsOverTheBytes) {
    const std::string text = R"({"type": "object"})";
    EXPECT_EQ(Schema::compile(text)->hash(), crypto::sha256_hex(text));
    EXPECT_EQ(Schema::compile(text)->document(), json::parse(text).value());
}

}  // namespace
}  // namespace evenkeel::schema
