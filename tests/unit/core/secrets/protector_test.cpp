#include "core/secrets/protector.hpp"

#include <gtest/gtest.h>

#include "core/secrets/redactor.hpp"
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
    EXPECT_EQ(*protector_.restore_redacted(key_, shown, stored, &schema_), described_);
}

TEST_F(ProtectorTest, ARedactedValueThatIsNotStoredIsRefusedByName) {
    const json::Value made = json::Object{{"password", json::Object{{"redacted", "0123"}}}};
    const json::Value stored = protector_.seal(key_, described_, &schema_);
    EXPECT_EQ(protector_.restore_redacted(key_, made, stored, &schema_).error().what, "/password");
    EXPECT_EQ(protector_.restore_redacted(key_, made, nullptr, &schema_).error().what, "/password");
}

TEST_F(ProtectorTest, UnmarkingNeedsANewValue) {
    const json::Value secret = json::Object{{"content", "lion"}, {"sensitive", true}};
    for (const schema::Schema* schema : {&schema_, static_cast<const schema::Schema*>(nullptr)}) {
        const json::Value stored = protector_.seal(key_, secret, schema);
        json::Value asked = *protector_.redacted(key_, stored, schema);
        asked.as_object().erase("sensitive");
        const auto whole = protector_.restore_redacted(key_, asked, stored, schema);
        ASSERT_FALSE(whole) << json::write(*whole);
        EXPECT_EQ(whole.error().what, "/content");
    }
}

TEST_F(ProtectorTest, WhatWasSealedAsASecretStaysOneUnderAnotherSchema) {
    const json::Value described =
        parsed(R"({"nested":{"by_ref":"tiger","plain":"tree"},"password":"lion"})");
    const json::Value stored = protector_.seal(key_, described, &schema_);
    EXPECT_EQ(json::write(stored).find("tiger"), std::string::npos);
    const schema::Schema open = *schema::Schema::compile(R"({"properties":{"nested":{}}})");
    for (const schema::Schema* schema : {&open, static_cast<const schema::Schema*>(nullptr)}) {
        const json::Value shown = *protector_.redacted(key_, stored, schema);
        EXPECT_TRUE(fingerprint_in(shown["nested"]["by_ref"])) << json::write(shown);
        EXPECT_EQ(shown["nested"].string_or("plain"), "tree");
        EXPECT_TRUE(fingerprint_in(shown["password"])) << json::write(shown);
    }
}

TEST_F(ProtectorTest, ASecretUnderTheOtherNameOfItsFieldIsTheSameSecret) {
    const schema::Schema schema = *schema::Schema::compile(R"({"properties": {
        "content": {"writeOnly": true}, "content_base64": {"writeOnly": true},
        "key": {"x-ek-sensitive": true}, "key_base64": {}, "sensitive": {}}})");
    const auto shown = [&](const std::string& former, const std::string& since) {
        const auto stored = [&](const std::string& text) {
            return protector_.seal(key_, parsed(text), &schema);
        };
        const auto pointers =
            protector_.shows_secrets_of(key_, stored(former), {stored(since)}, &schema).value();
        const auto history =
            protector_.redacted_together(key_, {stored(since), stored(former)}, &schema).value();
        for (const std::string& pointer : pointers)
            EXPECT_TRUE(fingerprint_in(*json::at_pointer(history[1], pointer))) << pointer;
        return pointers;
    };
    using Pointers = std::set<std::string>;
    const std::string text = R"({"content":"tiger","sensitive":true})";
    const std::string base64 = R"({"content_base64":"dGlnZXI=","sensitive":true})";
    EXPECT_EQ(shown(R"({"content":"tiger"})", text), Pointers{"/content"});
    EXPECT_EQ(shown(R"({"content_base64":"dGlnZXI="})", text), Pointers{"/content_base64"});
    EXPECT_EQ(shown(R"({"content":"tiger"})", base64), Pointers{"/content"});
    EXPECT_EQ(shown(R"({"content_base64":"dGlnZXI="})", base64), Pointers{"/content_base64"});
    EXPECT_EQ(shown(R"({"key_base64":"dGlnZXI="})", R"({"key":"tiger"})"), Pointers{"/key_base64"});
    // Other bytes, and what is a secret there too.
    EXPECT_EQ(shown(R"({"content_base64":"bGlvbg=="})", text), Pointers{});
    EXPECT_EQ(shown(base64, text), Pointers{});
    EXPECT_EQ(shown(R"({"content_base64":"no base64"})", text), Pointers{});
}

TEST_F(ProtectorTest, WhatDoesNotOpenIsNoMistakeInAField) {
    json::Value stored = protector_.seal(key_, described_, &schema_);
    const json::Value shown = *protector_.redacted(key_, stored, &schema_);
    const ResourceKey other{"host_2", "files", "/etc/x"};
    EXPECT_EQ(protector_.restore_redacted(other, shown, stored, &schema_).error().code,
              Errc::corrupt);
}

TEST_F(ProtectorTest, WhatAHostReportsRedactedKeepsItsFingerprint) {
    const json::Value reported = parsed(R"({"password":{"redacted":"0a"}})");
    const json::Value stored = protector_.seal(key_, reported, &schema_);
    EXPECT_EQ(*protector_.redacted(key_, stored, &schema_), reported);
    EXPECT_EQ(protector_.restore_redacted(key_, reported, stored, &schema_).error().what,
              "/password");
}

TEST_F(ProtectorTest, AFingerprintIsNoSignature) {
    const json::Value stored =
        protector_.seal(key_, json::Object{{"password", "cursor"}}, &schema_);
    const json::Value shown = *protector_.redacted(key_, stored, &schema_);
    EXPECT_NE(shown["password"].string_or("redacted"), protector_.mac("cursor"));
}

}  // namespace
}  // namespace evenkeel::secrets
