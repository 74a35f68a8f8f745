#include "core/secrets/protector.hpp"

#include <gtest/gtest.h>

#include "tests/unit/core/secrets/fixture.hpp"

namespace evenkeel::secrets {
namespace {

class ProtectorTest : public SecretsTest {
  protected:
    const json::Value described_ =
        json::Object{{"mode", "0600"}, {"password", "tiger"}, {"content", "lion"}};
};

TEST_F(ProtectorTest, SealsWhatTheSchemaCallsSensitiveAndOpensItAgain) {
    const json::Value stored = protector_.seal(key_, described_, &schema_);
    EXPECT_EQ(json::write(stored).find("tiger"), std::string::npos);
    EXPECT_NE(json::write(stored).find("lion"), std::string::npos);
    EXPECT_EQ(*protector_.open(key_, stored), described_);
}

TEST_F(ProtectorTest, SensitiveTrueSealsTheContentToo) {
    json::Value description = described_;
    description.as_object().set("sensitive", true);
    const json::Value stored = protector_.seal(key_, description, &schema_);
    EXPECT_EQ(json::write(stored).find("lion"), std::string::npos);
    const json::Value shown = *protector_.redacted(key_, stored, &schema_);
    EXPECT_TRUE(shown["content"]["redacted"].is_string());
    EXPECT_EQ(shown.string_or("mode"), "0600");
}

TEST_F(ProtectorTest, WithoutASchemaEverythingIsSealedAndShownAsTheSchemaSaysLater) {
    const json::Value stored = protector_.seal(key_, described_, nullptr);
    EXPECT_EQ(json::write(stored).find("0600"), std::string::npos);
    const json::Value hidden = *protector_.redacted(key_, stored, nullptr);
    EXPECT_TRUE(hidden["content"]["redacted"].is_string());
    EXPECT_TRUE(hidden["password"]["redacted"].is_string());
    const json::Value shown = *protector_.redacted(key_, stored, &schema_);
    EXPECT_EQ(shown.string_or("content"), "lion");
    EXPECT_TRUE(shown["password"]["redacted"].is_string());
}

TEST_F(ProtectorTest, ASealedValueDoesNotOpenBesideAnotherResource) {
    const json::Value stored = protector_.seal(key_, described_, &schema_);
    EXPECT_FALSE(protector_.open({"host_1", "files", "/etc/y"}, stored));
}

TEST_F(ProtectorTest, ARedactedValueSentBackKeepsTheStoredOne) {
    const json::Value stored = protector_.seal(key_, described_, &schema_);
    const json::Value shown = *protector_.redacted(key_, stored, &schema_);
    EXPECT_EQ(*protector_.restore_redacted(key_, shown, stored), described_);
}

TEST_F(ProtectorTest, ARedactedValueThatIsNotStoredIsRefusedByName) {
    const json::Value made = json::Object{{"password", json::Object{{"redacted", "0123"}}}};
    const json::Value stored = protector_.seal(key_, described_, &schema_);
    EXPECT_EQ(protector_.restore_redacted(key_, made, stored).error().what, "password");
    EXPECT_EQ(protector_.restore_redacted(key_, made, nullptr).error().what, "password");
}

TEST_F(ProtectorTest, AFingerprintIsNoSignature) {
    const json::Value stored =
        protector_.seal(key_, json::Object{{"password", "cursor"}}, &schema_);
    const json::Value shown = *protector_.redacted(key_, stored, &schema_);
    EXPECT_NE(shown["password"].string_or("redacted"), protector_.mac("cursor"));
}

}  // namespace
}  // namespace evenkeel::secrets
