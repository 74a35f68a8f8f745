#include "core/secrets/redactor.hpp"

#include <vector>

#include <gtest/gtest.h>

#include "core/schema/fields.hpp"
#include "tests/unit/core/secrets/fixture.hpp"

namespace evenkeel::secrets {
namespace {

// Shows the bytes of which a fingerprint is made.
std::string bytes_shown(const std::string& bytes) {
    return "<" + bytes + ">";
}

class RedactorTest : public SecretsTest {
  protected:
    const schema::Fields fields_{schema_};
    const Redactor agent_{bytes_shown, kAgentRules};
    const Redactor orchestrator_{bytes_shown, kOrchestratorRules};
};

struct Redaction {
    const char* claim;
    const char* description;
    const char* agent;
    const char* orchestrator;
};

TEST_F(RedactorTest, DescriptionsAreRedactedByEachProgramsRules) {
    const std::vector<Redaction> cases = {
        {"a sensitive field at the top", R"({"mode":"0600","password":"tiger"})",
         R"({"mode":"0600","password":{"redacted":"<tiger>"}})",
         R"({"mode":"0600","password":{"redacted":"<value\ntiger>"}})"},
        {"a sensitive field that is an object", R"({"keys":{"b":1,"a":"x"}})",
         R"({"keys":{"redacted":"<{\"a\":\"x\",\"b\":1}>"}})",
         R"({"keys":{"redacted":"<value\n{\"a\":\"x\",\"b\":1}>"}})"},
        {"content without a word on secrecy", R"({"content":"lion","note":"n"})",
         R"({"content":"lion","note":"n"})", R"({"content":"lion","note":"n"})"},
        {"the description's own sensitive", R"({"content":"lion","sensitive":true})",
         R"({"content":{"redacted":"<lion>"},"sensitive":true})",
         R"({"content":{"redacted":"<value\nlion>"},"sensitive":true})"},
        {"a field that only descriptions have, without a digest",
         R"({"note":"n","sensitive":true})", R"({"note":"n","sensitive":true})",
         R"({"note":{"redacted":"<value\nn>"},"sensitive":true})"},
        {"sensitive that is not true", R"({"content":"lion","sensitive":false})",
         R"({"content":"lion","sensitive":false})", R"({"content":"lion","sensitive":false})"},
        {"a digest in place of a content", R"({"content":{"sha256":"ab","size":4,"diff":"+lion"}})",
         R"({"content":{"sha256":"ab","size":4,"diff":"+lion"}})",
         R"({"content":{"sha256":"ab","size":4,"diff":"+lion"}})"},
        {"a digest in place of a secret content",
         R"({"content":{"sha256":"ab","size":4,"diff":"+lion"},"sensitive":true})",
         R"({"content":{"redacted":"<{\"sha256\":\"ab\",\"size\":4}>"},"sensitive":true})",
         R"({"content":{"redacted":"<value\n{\"diff\":\"+lion\",\"sha256\":\"ab\",\"size\":4}>"},)"
         R"("sensitive":true})"},
        {"what is redacted already", R"({"password":{"redacted":"0a"}})",
         R"({"password":{"redacted":"0a"}})",
         R"({"password":{"redacted":"<value\n{\"redacted\":\"0a\"}>"}})"},
        {"more than a redacted object", R"({"password":{"redacted":"0a","more":"tiger"}})",
         R"({"password":{"redacted":"<{\"more\":\"tiger\",\"redacted\":\"0a\"}>"}})",
         R"({"password":{"redacted":"<value\n{\"more\":\"tiger\",\"redacted\":\"0a\"}>"}})"},
        {"null", R"({"password":null})", R"({"password":null})",
         R"({"password":{"redacted":"<value\nnull>"}})"},
        {"ensure", R"({"ensure":"absent","password":"tiger"})",
         R"({"ensure":"absent","password":{"redacted":"<tiger>"}})",
         R"({"ensure":"absent","password":{"redacted":"<value\ntiger>"}})"},
    };
    for (const Redaction& one : cases) {
        SCOPED_TRACE(one.claim);
        EXPECT_EQ(json::write(agent_.description(parsed(one.description), schema_)), one.agent);
        EXPECT_EQ(json::write(orchestrator_.description(parsed(one.description), schema_)),
                  one.orchestrator);
    }
}

TEST(SecretFields, AreAllFieldsWhileNoSchemaIsKnown) {
    const json::Value description =
        parsed(R"({"ensure":"present","mode":"0600","sensitive":false,"what":1})");
    for (const Rules& rules : {kAgentRules, kOrchestratorRules})
        EXPECT_EQ(secret_fields(nullptr, description, rules),
                  (std::set<std::string>{"mode", "what"}));
}

struct Return {
    const char* claim;
    const char* description;
    const char* stored;
    const char* agent;         // or, after "!", the field that has no value
    const char* orchestrator;  // the same
};

std::string restored(const Redactor& redactor, const Return& one) {
    const auto whole = redactor.restore(parsed(one.description), parsed(one.stored));
    return whole ? json::write(*whole) : "!" + whole.error().what;
}

TEST_F(RedactorTest, ARedactedObjectThatComesBackStandsForWhatIsStored) {
    const std::vector<Return> cases = {
        {"with the agent's fingerprint", R"({"password":{"redacted":"<tiger>"},"mode":"0600"})",
         R"({"password":"tiger"})", R"({"password":"tiger","mode":"0600"})", "!password"},
        {"with the orchestrator's fingerprint", R"({"password":{"redacted":"<value\ntiger>"}})",
         R"({"password":"tiger"})", R"({"password":"tiger"})", R"({"password":"tiger"})"},
        {"with a stale fingerprint", R"({"password":{"redacted":"<value\nlion>"}})",
         R"({"password":"tiger"})", R"({"password":"tiger"})", "!password"},
        {"with an empty fingerprint", R"({"password":{"redacted":""}})", R"({"password":"tiger"})",
         R"({"password":"tiger"})", R"({"password":{"redacted":""}})"},
        {"where nothing is stored", R"({"password":{"redacted":"<tiger>"}})", "null", "!password",
         "!password"},
        {"where that field is not stored", R"({"password":{"redacted":"<tiger>"}})",
         R"({"mode":"0600"})", "!password", "!password"},
        {"beside another member", R"({"password":{"redacted":"<tiger>","more":1}})",
         R"({"password":"tiger"})", R"({"password":{"redacted":"<tiger>","more":1}})",
         R"({"password":{"redacted":"<tiger>","more":1}})"},
        {"as something else than text", R"({"password":{"redacted":7}})", R"({"password":"tiger"})",
         R"({"password":{"redacted":7}})", R"({"password":{"redacted":7}})"},
    };
    for (const Return& one : cases) {
        SCOPED_TRACE(one.claim);
        EXPECT_EQ(restored(agent_, one), one.agent);
        EXPECT_EQ(restored(orchestrator_, one), one.orchestrator);
    }
}

TEST_F(RedactorTest, AStateHasTheRedactedDigestInPlaceOfSha256AndSize) {
    const json::Value state = parsed(R"({"mode":"0600","sha256":"ab","size":4,"password":"x"})");
    const json::Value description = parsed(R"({"content":"lion","sensitive":true})");
    EXPECT_EQ(json::write(agent_.state(fields_, description, state)),
              R"({"mode":"0600","password":{"redacted":"<x>"},)"
              R"("content":{"redacted":"<{\"sha256\":\"ab\",\"size\":4}>"}})");
    const json::Value twice =
        agent_.state(fields_, description, agent_.state(fields_, description, state));
    EXPECT_EQ(twice, agent_.state(fields_, description, state));
    EXPECT_EQ(json::write(agent_.state(fields_, parsed(R"({"content":"lion"})"), state)),
              R"({"mode":"0600","sha256":"ab","size":4,"password":{"redacted":"<x>"}})");
    EXPECT_TRUE(agent_.state(fields_, description, nullptr).is_null());
}

TEST_F(RedactorTest, ADiffIsNoPartOfAFingerprint) {
    const json::Value description = parsed(R"({"content":"lion","sensitive":true})");
    const json::Value state =
        agent_.state(fields_, description, parsed(R"({"sha256":"ab","size":4})"));
    ASSERT_TRUE(agent_.is_secret(fields_, "/content", description));
    EXPECT_EQ(agent_.value(parsed(R"({"sha256":"ab","size":4,"diff":"-tiger\n+lion\n"})")),
              state["content"]);
}

TEST_F(RedactorTest, APointerIsSecretAsItsFieldIs) {
    const json::Value open = json::Object{};
    const json::Value secret = json::Object{{"sensitive", true}};
    EXPECT_TRUE(agent_.is_secret(fields_, "/password", open));
    EXPECT_TRUE(agent_.is_secret(fields_, "/keys/0/a", open));
    EXPECT_FALSE(agent_.is_secret(fields_, "/content", open));
    EXPECT_TRUE(agent_.is_secret(fields_, "/content", secret));
    EXPECT_FALSE(agent_.is_secret(fields_, "/mode", secret));
    EXPECT_FALSE(agent_.is_secret(fields_, "/ensure", secret));
    EXPECT_FALSE(agent_.is_secret(fields_, "/passwords", open));
}

TEST_F(RedactorTest, SecretTextsAreBlottedOutOfASentence) {
    const json::Value description =
        parsed(R"({"password":"swordfish","mode":"0644","content":"abc","sensitive":true})");
    EXPECT_EQ(agent_.text(fields_, description, "bad swordfish, mode 0644, abc, swordfish"),
              "bad ***, mode 0644, abc, ***");
}

TEST_F(RedactorTest, WithoutAFingerprintASecretIsOnlyCalledSecret) {
    const Redactor none(nullptr, kAgentRules);
    EXPECT_EQ(json::write(none.value("tiger")), R"({"redacted":"secret"})");
}

}  // namespace
}  // namespace evenkeel::secrets
