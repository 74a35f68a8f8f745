#include "core/agent/work/secrets.hpp"

#include <gtest/gtest.h>

#include "tests/unit/core/temp_folder.hpp"

namespace evenkeel::agent {
namespace {

TEST(Secrets, AreShownAsFingerprintsAndKeptWhenSentBack) {
    test::TempFolder folder;
    const auto sealer = crypto::Sealer::open(folder / "key", crypto::Sealer::Missing::create);
    ASSERT_TRUE(sealer);
    const auto schema = schema::Schema::compile(R"({"type":"object","properties":{
        "password":{"type":"string","x-ek-sensitive":true},
        "content":{"type":"string","writeOnly":true,"x-ek-compare":"digest"},
        "sensitive":{"type":"boolean"}}})");
    ASSERT_TRUE(schema) << schema.error().what;
    const json::Value body =
        json::Object{{"password", "hunter2"}, {"content", "key"}, {"sensitive", true}};
    const json::Value shown = redact(body, *schema, *sealer);
    EXPECT_EQ(json::write(shown).find("hunter2"), std::string::npos);
    EXPECT_EQ(json::write(shown).find("\"key\""), std::string::npos);
    EXPECT_TRUE(shown["password"]["redacted"].is_string());
    EXPECT_EQ(*keep_secrets(shown, &body), body);
    EXPECT_FALSE(keep_secrets(shown, nullptr));
    const json::Value open = json::Object{{"content", "plain"}};
    EXPECT_EQ(redact(open, *schema, *sealer), open);
}

}  // namespace
}  // namespace evenkeel::agent
