#include "core/plugin/compare.hpp"

#include <gtest/gtest.h>

#include "core/schema/fields.hpp"
#include "core/secrets/redactor.hpp"
#include "tests/unit/core/plugin/loaded.hpp"

namespace evenkeel::plugin {
namespace {

const char* const kSchema = R"({
  "type": "object",
  "properties": {
    "type": {"type": "string", "default": "file"},
    "content": {"type": "string", "writeOnly": true, "x-ek-compare": "digest"},
    "content_base64": {"type": "string", "writeOnly": true, "x-ek-compare": "digest"},
    "sensitive": {"type": "boolean", "writeOnly": true, "x-ek-compare": "volatile"},
    "mode": {"type": "string"},
    "members": {"type": "array", "x-ek-compare": "set"},
    "host": {"type": "string", "x-ek-compare": "caseless"},
    "owner": {"type": "string", "x-ek-alias": "uid"},
    "hash": {"type": "string", "x-ek-sensitive": true},
    "login": {"type": "string", "writeOnly": true},
    "acl": {"type": "array", "readOnly": true, "x-ek-absent-with": "mode"},
    "uid": {"type": "integer", "readOnly": true},
    "size": {"type": "integer", "readOnly": true},
    "sha256": {"type": "string", "readOnly": true}
  }
})";

class Compare : public testing::Test {
  protected:
    // "path expected actual" of each field that differs.
    std::string drift(const char* description, const char* state) {
        std::string all;
        for (const auto& field :
             compare_by_words(fields_, value(description), value(state), redactor_))
            all += field.path + " " + json::write(field.expected) + " " +
                   json::write(field.actual) + ";";
        return all;
    }
    schema::Schema schema_ = schema::Schema::compile(kSchema).value();
    schema::Fields fields_{schema_};
    secrets::Redactor redactor_{test_options().fingerprint};
};

// SHA-256 of "hello".
const std::string kHello = R"({"type":"file","size":5,"sha256":)"
                           R"("2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"})";

TEST_F(Compare, TakesAnAbsentThingForMissingAsAWhole) {
    EXPECT_EQ(drift(R"({"mode":"0644"})", "null"), R"(/ensure "present" "absent";)");
}

TEST_F(Compare, LooksOnlyAtWhatIsDescribed) {
    EXPECT_EQ(drift(R"({"mode":"0644"})", R"({"type":"file","mode":"0644","host":"x"})"), "");
    EXPECT_EQ(drift(R"({"mode":"0644"})", R"({"type":"file","mode":"0600"})"),
              R"(/mode "0644" "0600";)");
    EXPECT_EQ(drift(R"({"mode":"0644"})", R"({"type":"file"})"), R"(/mode "0644" null;)");
}

TEST_F(Compare, TakesWhatGoesBeyondADescribedFieldForDrift) {
    const char* const state = R"({"type":"file","mode":"0640","acl":["user:bin:r--"]})";
    EXPECT_EQ(drift(R"({"mode":"0640"})", state), R"(/acl null ["user:bin:r--"];)");
    EXPECT_EQ(drift("{}", state), "") << "its field is not described";
    EXPECT_EQ(drift(R"({"mode":"0640"})", R"({"type":"file","mode":"0640"})"), "");
}

TEST_F(Compare, CountsADefaultAsDescribed) {
    EXPECT_EQ(drift("{}", R"({"type":"symlink"})"), R"(/type "file" "symlink";)");
    EXPECT_EQ(drift(R"({"type":"symlink"})", R"({"type":"symlink"})"), "");
}

TEST_F(Compare, KnowsContentByItsDigest) {
    EXPECT_EQ(drift(R"({"content":"hello"})", kHello.c_str()), "");
    EXPECT_EQ(drift(R"({"content_base64":"aGVsbG8="})", kHello.c_str()), "");
    const std::string other = drift(R"({"content_base64":"aGVsbG8h"})", kHello.c_str());
    EXPECT_TRUE(other.starts_with(R"(/content {"sha256":")")) << other;
    EXPECT_NE(other.find(R"("size":6} {"sha256":"2cf2)"), other.npos) << other;
    EXPECT_TRUE(drift(R"({"content":"hello"})", R"({"type":"file"})").ends_with(" null;"));
}

TEST_F(Compare, TakesSetsAndCaseAsTheSchemaSays) {
    EXPECT_EQ(drift(R"({"members":["a","b"],"host":"Ab"})",
                    R"({"type":"file","members":["b","a","a"],"host":"aB"})"),
              "");
    EXPECT_EQ(drift(R"({"members":["a"]})", R"({"type":"file","members":["a","b"]})"),
              R"(/members ["a"] ["a","b"];)");
}

TEST_F(Compare, TakesANumberForTheNameThatStandsForIt) {
    const char* const state = R"({"type":"file","owner":"root","uid":0})";
    EXPECT_EQ(drift(R"({"owner":"root"})", state), "");
    EXPECT_EQ(drift(R"({"owner":"0"})", state), "");
    EXPECT_EQ(drift(R"({"owner":"1"})", state), R"(/owner "1" "root";)");
}

TEST_F(Compare, SkipsWhatNoStateCanTell) {
    EXPECT_EQ(drift(R"({"login":"once","sensitive":true})", R"({"type":"file"})"), "");
}

TEST_F(Compare, ShowsFingerprintsInPlaceOfSecrets) {
    const json::Value description = value(R"({"content":"secret words","sensitive":true})");
    const json::Value state = value(kHello.c_str());
    const json::Value kept = redactor_.state(fields_, description, state);
    EXPECT_EQ(kept.find("sha256"), nullptr);
    EXPECT_EQ(kept.find("size"), nullptr);
    for (const json::Value& seen : {state, kept}) {
        const auto fields = compare_by_words(fields_, description, seen, redactor_);
        ASSERT_EQ(fields.size(), 1u);
        EXPECT_EQ(fields[0].path, "/content");
        EXPECT_NE(fields[0].expected.find("redacted"), nullptr);
        EXPECT_EQ(fields[0].actual, kept["content"]);
    }
    EXPECT_EQ(drift(R"({"content":"hello","sensitive":true})", json::write(kept).c_str()), "");
    EXPECT_EQ(drift(R"({"hash":"$6$a"})", R"({"type":"file","hash":"$6$a"})"), "");
}

}  // namespace
}  // namespace evenkeel::plugin
