#include <random>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "core/schema/fields.hpp"
#include "core/secrets/redactor.hpp"
#include "tests/unit/core/secrets/fixture.hpp"

namespace evenkeel::secrets {
namespace {

// Descriptions of random fields with random values, and the texts in them that are secret. The same
// ones in each run.
class LeakTest : public SecretsTest {
  protected:
    struct Case {
        json::Value description = json::Object{};
        std::vector<std::string> secrets;  // secret at both programs
    };

    static constexpr std::string_view kLetters = "abcXYZ \"\\\n/\t";

    std::size_t pick(std::size_t count) { return random_() % count; }

    // Letters, and what JSON escapes; no part of another one.
    std::string text() {
        std::string made = "t" + std::to_string(++texts_) + "-";
        for (std::size_t left = 8 + pick(40); left > 0; --left)
            made += kLetters[pick(kLetters.size())];
        return made + "-end";
    }

    json::Value value(std::vector<std::string>& texts, int depth = 0) {
        const std::size_t kind = depth < 3 ? pick(4) : 0;
        if (kind == 1) return json::Array{value(texts, depth + 1), value(texts, depth + 1)};
        if (kind == 2) return json::Object{{"redacted", value(texts, 3)}, {"b", value(texts, 3)}};
        if (kind == 3) return json::Object{{"sha256", value(texts, 3)}, {"size", 3}};
        texts.push_back(text());
        return texts.back();
    }

    // Something secret at every depth, and not always of the shape that the schema says.
    json::Value nested(std::vector<std::string>& secrets, std::vector<std::string>& shown) {
        if (pick(8) == 0) return value(secrets, 3);
        json::Object more{{"token", value(secrets)}};
        json::Array list{json::Object{{"name", value(shown)}, {"pin", value(secrets)}},
                         json::Object{{"pin", value(secrets)}}};
        if (pick(8) == 0) list.push_back(value(secrets, 3));
        return json::Object{{"by_ref", value(secrets)},
                            {"deep", json::Object{{"a", value(shown)}, {"b", std::move(more)}}},
                            {"list", std::move(list)},
                            {"map", json::Object{{"k/1~", value(secrets)}, {"open", value(shown)}}},
                            {"plain", value(shown)}};
    }

    Case make() {
        Case made;
        json::Object& fields = made.description.as_object();
        std::vector<std::string> shown;
        const bool sensitive = pick(2) == 0;
        if (pick(2) == 0) fields.set("sensitive", sensitive);
        const bool hides_content = made.description.bool_or("sensitive");
        if (pick(2) == 0) fields.set("mode", value(shown));
        if (pick(2) == 0) fields.set("content", value(hides_content ? made.secrets : shown));
        if (pick(2) == 0) fields.set("keys", value(made.secrets));
        if (pick(2) == 0) fields.set("nested", nested(made.secrets, shown));
        if (pick(2) == 0) fields.set("password", value(made.secrets));
        return made;
    }

    static void expect_no_leak(const Case& one, const json::Value& shown) {
        const std::string written = json::write(shown);
        for (const std::string& secret : one.secrets) {
            const std::string quoted = json::write(secret);
            EXPECT_EQ(written.find(quoted.substr(1, quoted.size() - 2)), written.npos)
                << written << "\nof " << json::write(one.description);
        }
    }

  private:
    std::mt19937 random_{20};
    std::size_t texts_ = 0;
};

TEST_F(LeakTest, NothingThatIsSecretIsShownAndAllOfItComesBack) {
    const Redactor agent(fingerprint_by(sealer_));
    for (int round = 0; round < 500; ++round) {
        const Case one = make();
        const json::Value local = agent.description(one.description, &schema_);
        expect_no_leak(one, local);
        EXPECT_EQ(*agent.restore(local, one.description, &schema_), one.description);

        const json::Value stored = protector_.seal(key_, one.description, &schema_);
        expect_no_leak(one, stored);
        const json::Value shown = *protector_.redacted(key_, stored, &schema_);
        expect_no_leak(one, shown);
        EXPECT_EQ(*protector_.restore_redacted(key_, shown, stored, &schema_), one.description);
        if (HasFailure()) break;
    }
}

TEST_F(LeakTest, NothingAtAllIsShownWithoutASchema) {
    for (int round = 0; round < 500; ++round) {
        Case one;
        one.description.as_object().set("a", value(one.secrets));
        one.description.as_object().set("b", value(one.secrets));
        const json::Value stored = protector_.seal(key_, one.description, nullptr);
        expect_no_leak(one, stored);
        expect_no_leak(one, *protector_.redacted(key_, stored, nullptr));
    }
}

TEST_F(LeakTest, NeitherStatesNorSentencesShowASecret) {
    const Redactor agent(fingerprint_by(sealer_));
    const schema::Fields fields(schema_);
    for (int round = 0; round < 300; ++round) {
        Case one = make();
        json::Value state = one.description;
        if (one.description.bool_or("sensitive")) {
            one.secrets.push_back(text());
            state.as_object().set("sha256", one.secrets.back());
        }
        expect_no_leak(one, agent.state(fields, one.description, state));
        std::string sentence = "it says ";
        std::vector<std::string> quoted;
        for (const char* name : {"password", "keys"}) {
            const std::string secret = one.description.string_or(name);
            sentence += secret + ", ";
            if (!secret.empty()) quoted.push_back(secret);
        }
        sentence = agent.text(fields, one.description, sentence);
        for (const std::string& secret : quoted)
            EXPECT_EQ(sentence.find(secret), sentence.npos) << sentence;
    }
}

}  // namespace
}  // namespace evenkeel::secrets
