#include "orchestrator/state/vault.hpp"

#include "tests/unit/orchestrator/fixture.hpp"

namespace evenkeel::state {
namespace {

class VaultTest : public test::StateTest {
  protected:
    const wire::Ref ref_{"files", "/etc/x"};
    const json::Value described_ =
        json::Object{{"mode", "0600"}, {"password", "tiger"}, {"content", "lion"}};
};

TEST_F(VaultTest, SealsWhatTheSchemaCallsSensitiveAndOpensItAgain) {
    const json::Value stored = vault_.seal(host_, ref_, described_, schema_.get());
    EXPECT_EQ(json::write(stored).find("tiger"), std::string::npos);
    EXPECT_NE(json::write(stored).find("lion"), std::string::npos);
    EXPECT_EQ(*vault_.open(host_, ref_, stored), described_);
}

TEST_F(VaultTest, SensitiveTrueSealsTheContentToo) {
    json::Value description = described_;
    description.as_object().set("sensitive", true);
    const json::Value stored = vault_.seal(host_, ref_, description, schema_.get());
    EXPECT_EQ(json::write(stored).find("lion"), std::string::npos);
    const json::Value shown = *vault_.redacted(host_, ref_, stored, schema_.get());
    EXPECT_TRUE(shown["content"]["redacted"].is_string());
    EXPECT_EQ(shown.string_or("mode"), "0600");
}

TEST_F(VaultTest, WithoutASchemaEverythingIsSealedAndShownAsTheSchemaSaysLater) {
    const json::Value stored = vault_.seal(host_, ref_, described_, nullptr);
    EXPECT_EQ(json::write(stored).find("0600"), std::string::npos);
    const json::Value hidden = *vault_.redacted(host_, ref_, stored, nullptr);
    EXPECT_TRUE(hidden["content"]["redacted"].is_string());
    EXPECT_TRUE(hidden["password"]["redacted"].is_string());
    const json::Value shown = *vault_.redacted(host_, ref_, stored, schema_.get());
    EXPECT_EQ(shown.string_or("content"), "lion");
    EXPECT_TRUE(shown["password"]["redacted"].is_string());
}

TEST_F(VaultTest, ASealedValueDoesNotOpenBesideAnotherResource) {
    const json::Value stored = vault_.seal(host_, ref_, described_, schema_.get());
    EXPECT_FALSE(vault_.open(host_, {"files", "/etc/y"}, stored));
}

TEST_F(VaultTest, ARedactedValueSentBackKeepsTheStoredOne) {
    const json::Value stored = vault_.seal(host_, ref_, described_, schema_.get());
    const json::Value shown = *vault_.redacted(host_, ref_, stored, schema_.get());
    EXPECT_EQ(*vault_.fill_in(host_, ref_, shown, stored), described_);
}

TEST_F(VaultTest, ARedactedValueThatIsNotStoredIsRefusedByName) {
    const json::Value made = json::Object{{"password", json::Object{{"redacted", "0123"}}}};
    const json::Value stored = vault_.seal(host_, ref_, described_, schema_.get());
    EXPECT_EQ(vault_.fill_in(host_, ref_, made, stored).error().what, "password");
    EXPECT_EQ(vault_.fill_in(host_, ref_, made, nullptr).error().what, "password");
}

TEST_F(VaultTest, AFingerprintIsNoSignature) {
    const json::Value stored =
        vault_.seal(host_, ref_, json::Object{{"password", "cursor"}}, schema_.get());
    const json::Value shown = *vault_.redacted(host_, ref_, stored, schema_.get());
    EXPECT_NE(shown["password"].string_or("redacted"), vault_.sign("cursor"));
}

}  // namespace
}  // namespace evenkeel::state
