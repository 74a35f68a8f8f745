#include "core/secrets/redactor.hpp"

#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/text.hpp"
#include "core/schema/fields.hpp"
#include "core/secrets/secret_fields.hpp"
#include "tests/unit/core/secrets/fixture.hpp"

namespace evenkeel::secrets {
namespace {

// Shows the bytes of which a fingerprint is made, without what comes before all of them.
std::string bytes_shown(const std::string& bytes) {
    return "<" + bytes.substr(bytes.find('\n') + 1) + ">";
}

class RedactorTest : public SecretsTest {
  protected:
    const schema::Fields fields_{schema_};
    const Redactor redactor_{bytes_shown};

    std::string changed(const char* pointer, const char* value, const char* description = "{}") {
        return json::write(redactor_.changed(fields_, parsed(description), pointer, parsed(value)));
    }
};

struct Redaction {
    const char* claim;
    const char* description;
    const char* shown;
};

TEST_F(RedactorTest, DescriptionsAreRedacted) {
    const std::vector<Redaction> cases = {
        {"a sensitive field at the top", R"({"mode":"0600","password":"tiger"})",
         R"({"mode":"0600","password":{"redacted":"<tiger>"}})"},
        {"a sensitive field that is an object", R"({"keys":{"b":1,"a":"x"}})",
         R"({"keys":{"redacted":"<{\"a\":\"x\",\"b\":1}>"}})"},
        {"content without a word on secrecy", R"({"content":"lion","note":"n"})",
         R"({"content":"lion","note":"n"})"},
        {"the description's own sensitive", R"({"content":"lion","sensitive":true})",
         R"({"content":{"redacted":"<lion>"},"sensitive":true})"},
        {"a field that only descriptions have, without a digest",
         R"({"note":"n","sensitive":true})", R"({"note":{"redacted":"<n>"},"sensitive":true})"},
        {"sensitive that is not true", R"({"content":"lion","sensitive":false})",
         R"({"content":"lion","sensitive":false})"},
        {"what is redacted already", R"({"password":{"redacted":"0a"}})",
         R"({"password":{"redacted":"0a"}})"},
        {"more than a redacted object", R"({"password":{"redacted":"0a","more":"tiger"}})",
         R"({"password":{"redacted":"<{\"more\":\"tiger\",\"redacted\":\"0a\"}>"}})"},
        {"null", R"({"password":null})", R"({"password":null})"},
        {"ensure", R"({"ensure":"absent","password":"tiger"})",
         R"({"ensure":"absent","password":{"redacted":"<tiger>"}})"},
        {"a reference", R"({"nested":{"by_ref":"tiger","plain":1}})",
         R"({"nested":{"by_ref":{"redacted":"<tiger>"},"plain":1}})"},
        {"inside allOf", R"({"nested":{"deep":{"b":{"token":"tiger","c":1}}}})",
         R"({"nested":{"deep":{"b":{"token":{"redacted":"<tiger>"},"c":1}}}})"},
        {"items", R"({"nested":{"list":[{"pin":1},{"name":"n","pin":"tiger"}]}})",
         R"({"nested":{"list":[{"pin":{"redacted":"<1>"}},)"
         R"({"name":"n","pin":{"redacted":"<tiger>"}}]}})"},
        {"additionalProperties", R"({"nested":{"map":{"open":"o","other":"tiger"}}})",
         R"({"nested":{"map":{"open":"o","other":{"redacted":"<tiger>"}}}})"},
        {"another shape than the schema's", R"({"nested":{"list":"tiger","map":["lion"]}})",
         R"({"nested":{"list":{"redacted":"<tiger>"},"map":{"redacted":"<[\"lion\"]>"}}})"},
    };
    for (const Redaction& one : cases) {
        SCOPED_TRACE(one.claim);
        EXPECT_EQ(json::write(redactor_.description(parsed(one.description), &schema_)), one.shown);
    }
}

TEST(SecretFields, AreAllFieldsWhileNoSchemaIsKnown) {
    const json::Value description =
        parsed(R"({"ensure":"present","mode":"0600","sensitive":false,"what":1})");
    EXPECT_EQ(secret_pointers(nullptr, description), (std::set<std::string>{"/mode", "/what"}));
}

struct Return {
    const char* claim;
    const char* description;
    const char* stored;
    const char* whole;  // or, after "!", the pointer that has no value
};

TEST_F(RedactorTest, ARedactedObjectThatComesBackStandsForWhatIsStored) {
    const std::vector<Return> cases = {
        {"with its fingerprint", R"({"password":{"redacted":"<tiger>"},"mode":"0600"})",
         R"({"password":"tiger"})", R"({"password":"tiger","mode":"0600"})"},
        {"with a stale fingerprint", R"({"password":{"redacted":"<lion>"}})",
         R"({"password":"tiger"})", "!/password"},
        {"with an empty fingerprint", R"({"password":{"redacted":""}})", R"({"password":"tiger"})",
         "!/password"},
        {"where nothing is stored", R"({"password":{"redacted":"<tiger>"}})", "null", "!/password"},
        {"where that field is not stored", R"({"password":{"redacted":"<tiger>"}})",
         R"({"mode":"0600"})", "!/password"},
        {"where another program's is stored", R"({"password":{"redacted":"<tiger>"}})",
         R"({"password":{"redacted":"<tiger>"}})", "!/password"},
        {"at another path", R"({"keys":{"redacted":"<tiger>"}})", R"({"password":"tiger"})",
         "!/keys"},
        {"where nothing is secret", R"({"mode":{"redacted":"<tiger>"}})", R"({"mode":"tiger"})",
         "!/mode"},
        {"inside of a secret", R"({"keys":{"a":{"redacted":"<tiger>"}}})",
         R"({"keys":{"a":"tiger"}})", "!/keys/a"},
        {"as content that is secret no more", R"({"content":{"redacted":"<lion>"}})",
         R"({"content":"lion","sensitive":true})", "!/content"},
        {"as content that stays secret", R"({"content":{"redacted":"<lion>"},"sensitive":true})",
         R"({"content":"lion","sensitive":true})", R"({"content":"lion","sensitive":true})"},
        {"deep, in an array", R"({"nested":{"list":[{"pin":2},{"pin":{"redacted":"<1>"}}]}})",
         R"({"nested":{"list":[{"pin":3},{"pin":1}]}})",
         R"({"nested":{"list":[{"pin":2},{"pin":1}]}})"},
        {"deep, at another index", R"({"nested":{"list":[{"pin":{"redacted":"<1>"}}]}})",
         R"({"nested":{"list":[{"pin":3},{"pin":1}]}})", "!/nested/list/0/pin"},
        {"beside another member", R"({"password":{"redacted":"<tiger>","more":1}})",
         R"({"password":"tiger"})", R"({"password":{"redacted":"<tiger>","more":1}})"},
        {"as something else than text", R"({"password":{"redacted":7}})", R"({"password":"tiger"})",
         R"({"password":{"redacted":7}})"},
    };
    for (const Return& one : cases) {
        SCOPED_TRACE(one.claim);
        const auto whole = redactor_.restore(parsed(one.description), parsed(one.stored), &schema_);
        EXPECT_EQ(whole ? json::write(*whole) : "!" + whole.error().what, one.whole);
    }
}

TEST_F(RedactorTest, AStateHasTheRedactedDigestInPlaceOfSha256AndSize) {
    const json::Value state = parsed(R"({"mode":"0600","sha256":"ab","size":4,"password":"x"})");
    const json::Value description = parsed(R"({"content":"lion","sensitive":true})");
    EXPECT_EQ(json::write(redactor_.state(fields_, description, state)),
              R"({"mode":"0600","password":{"redacted":"<x>"},)"
              R"("content":{"redacted":"<{\"sha256\":\"ab\",\"size\":4}>"}})");
    const json::Value twice =
        redactor_.state(fields_, description, redactor_.state(fields_, description, state));
    EXPECT_EQ(twice, redactor_.state(fields_, description, state));
    EXPECT_EQ(json::write(redactor_.state(fields_, parsed(R"({"content":"lion"})"), state)),
              R"({"mode":"0600","sha256":"ab","size":4,"password":{"redacted":"<x>"}})");
    EXPECT_TRUE(redactor_.state(fields_, description, nullptr).is_null());
}

TEST_F(RedactorTest, ADiffIsNoPartOfAFingerprint) {
    const json::Value description = parsed(R"({"content":"lion","sensitive":true})");
    const json::Value state =
        redactor_.state(fields_, description, parsed(R"({"sha256":"ab","size":4})"));
    EXPECT_EQ(redactor_.changed(fields_, description, "/content",
                                parsed(R"({"sha256":"ab","size":4,"diff":"-tiger\n+lion\n"})")),
              state["content"]);
}

TEST_F(RedactorTest, AChangeIsSecretAsItsPlaceIs) {
    const char* const secret = R"({"sensitive":true})";
    EXPECT_EQ(changed("/password", R"("x")"), R"({"redacted":"<x>"})");
    EXPECT_EQ(changed("/keys/0/a", R"("x")"), R"({"redacted":"<x>"})");
    EXPECT_EQ(changed("/content", R"("x")"), R"("x")");
    EXPECT_EQ(changed("/content", R"("x")", secret), R"({"redacted":"<x>"})");
    EXPECT_EQ(changed("/mode", R"("x")", secret), R"("x")");
    EXPECT_EQ(changed("/ensure", R"("present")", secret), R"("present")");
    EXPECT_EQ(changed("/passwords", R"("x")"), R"("x")");
    EXPECT_EQ(changed("/nested", R"({"by_ref":"x","plain":"y"})"),
              R"({"by_ref":{"redacted":"<x>"},"plain":"y"})");
    EXPECT_EQ(changed("/nested/list/1/pin", "7"), R"({"redacted":"<7>"})");
    EXPECT_EQ(changed("/nested/list/-", R"({"pin":7})"), R"({"pin":{"redacted":"<7>"}})");
    EXPECT_EQ(changed("/nested/map/k~1v", R"("x")"), R"({"redacted":"<x>"})");
    EXPECT_EQ(changed("/nested/map/open", R"("x")"), R"("x")");
    EXPECT_EQ(changed("/nested/list", R"("one of the list")"),
              R"({"redacted":"<one of the list>"})");
}

TEST_F(RedactorTest, DeepSecretsAreRedactedInStates) {
    EXPECT_EQ(json::write(redactor_.state(fields_, json::Object{},
                                          parsed(R"({"nested":{"list":[{"pin":7}]}})"))),
              R"({"nested":{"list":[{"pin":{"redacted":"<7>"}}]}})");
}

TEST_F(RedactorTest, SecretTextsAreBlottedOutOfASentence) {
    const json::Value description =
        parsed(R"({"password":"swordfish","mode":"0644","content":"abc","sensitive":true})");
    EXPECT_EQ(redactor_.text(fields_, description, "bad swordfish, mode 0644, abc, swordfish"),
              "bad ***, mode 0644, abc, ***");
    EXPECT_EQ(redactor_.text(fields_, parsed(R"({"nested":{"list":[{"pin":"swordfish"}]}})"),
                             "bad swordfish"),
              "bad ***");
}

TEST_F(RedactorTest, ALineOrAValueOfASecretTextIsBlottedOutToo) {
    const auto texts =
        secret_texts(&schema_, parsed(R"({"password":"[db]\nkey = \"hunter2-long\"\n"})"));
    EXPECT_EQ(without("cannot parse key = \"hunter2-long\" at line 2", texts),
              "cannot parse ***\" at line 2");
    EXPECT_EQ(without("hunter2-long is refused", texts), "*** is refused");
    EXPECT_EQ(without("db and key stay", texts), "db and key stay");
}

TEST_F(RedactorTest, ASecretInBase64IsBlottedOutInClear) {
    const auto schema = schema::Schema::compile(R"({"type":"object","properties":{
        "content_base64":{"type":"string","writeOnly":true,"x-ek-compare":"digest"},
        "sensitive":{"type":"boolean"}}})");
    ASSERT_TRUE(schema);
    const json::Value description =
        json::Object{{"content_base64", to_base64("key=hunter2-long\nx\n")}, {"sensitive", true}};
    EXPECT_EQ(without("hunter2-long is refused", secret_texts(&*schema, description)),
              "*** is refused");
    EXPECT_EQ(without("hunter2-long is refused", secret_texts(nullptr, description)),
              "*** is refused");
    const schema::Fields fields(*schema);
    const json::Value short_one =
        json::Object{{"content_base64", to_base64("hunter2")}, {"sensitive", true}};
    EXPECT_EQ(redactor_.text(fields, short_one, "hunter2 is refused"), "*** is refused");
}

TEST_F(RedactorTest, WithoutASchemaWordsAreNoSecrets) {
    const auto texts = secret_texts(
        nullptr, parsed(R"({"owner":"root","state":"present","password":"hunter2-long"})"));
    EXPECT_EQ(without("root is not present, hunter2-long", texts), "root is not present, ***");
}

TEST_F(RedactorTest, WhatIsLeftOfASecretThatWasCutIsBlottedOutToo) {
    const SecretTexts texts{"correct horse battery"};
    EXPECT_EQ(without("with correct horse...", texts), "with ***...");
    EXPECT_EQ(without("password *** horse battery, no", texts), "password ******, no");
    EXPECT_EQ(without("correct *** battery", texts), "*********");
    EXPECT_EQ(without("see *** and so on...", texts), "see *** and so on...");
}

TEST_F(RedactorTest, WithoutAFingerprintASecretIsOnlyCalledSecret) {
    const Redactor none(nullptr);
    EXPECT_EQ(json::write(none.value("tiger")), R"({"redacted":"secret"})");
}

}  // namespace
}  // namespace evenkeel::secrets
