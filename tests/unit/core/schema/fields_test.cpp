#include "core/schema/fields.hpp"

#include <gtest/gtest.h>

#include "core/base/text.hpp"

namespace evenkeel::schema {
namespace {

TEST(Twins, AreTheSameBytesUnderTwoNames) {
    EXPECT_EQ(twin_of("content"), "content_base64");
    EXPECT_EQ(twin_of("/entries/0/content_base64"), "/entries/0/content");
    const std::string bytes("a\0b", 3);
    EXPECT_EQ(bytes_of("content", bytes), bytes);
    EXPECT_EQ(bytes_of("content_base64", to_base64(bytes)), bytes);
    EXPECT_EQ(bytes_of("content_base64", "no base64"), std::nullopt);
    EXPECT_EQ(bytes_of("content", nullptr), std::nullopt);
    EXPECT_EQ(bytes_of("content", 7), std::nullopt);
}

TEST(Fields, WithADigestAreShownUnderOneName) {
    const auto schema = Schema::compile(R"({
        "type":"object","additionalProperties":false,"properties":{
        "content":{"type":"string","x-ek-compare":"digest"},
        "content_base64":{"type":"string","x-ek-compare":"digest"},
        "note_base64":{"type":"string"}}})");
    ASSERT_TRUE(schema) << schema.error().what;
    std::vector<std::string> paths;
    for (const Field& field : Fields(*schema)) paths.push_back(field.path);
    EXPECT_EQ(paths, (std::vector<std::string>{"/content", "/content", "/note_base64"}));
}

}  // namespace
}  // namespace evenkeel::schema
