#include "core/plugin/answers.hpp"

#include <gtest/gtest.h>

#include "core/plugin/abi.hpp"
#include "tests/unit/core/plugin/loaded.hpp"

// What a plugin must not answer, and that it is told by name.
namespace evenkeel::plugin {
namespace {

class Nonsense : public testing::Test {
  protected:
    void expect(const std::optional<Error>& error, const std::string& words) {
        ASSERT_TRUE(error);
        EXPECT_EQ(error->code, Errc::internal);
        EXPECT_TRUE(error->what.starts_with("plugin nonsense 1.2.3 misbehaves: ")) << error->what;
        EXPECT_NE(error->what.find(words), std::string::npos) << error->what;
    }
    void expect_read(const std::string& id, const std::string& words) {
        const auto items = nonsense_->read({id}, {});
        expect(items ? std::nullopt : std::optional(items.error()), words);
    }
    void expect_apply(const std::string& text, const std::string& words, bool dry_run = false) {
        expect(nonsense_->apply("one", json::Object{{"text", text}}, dry_run, {}).error, words);
    }

    std::unique_ptr<Collection> nonsense_ = open_collection("nonsense", "nonsense");
};

TEST_F(Nonsense, InItemsIsToldByTheRuleThatItBreaks) {
    expect_read("broken", "good JSON");
    expect_read("deep", "good JSON");
    expect_read("stranger", "not asked for");
    expect_read("twice", "comes twice");
    expect_read("array", "no object");
    expect_read("off-schema", "\"/text\"");
    expect_read("unknown-field", "\"/more\"");
    expect_read("unchanged", "unchanged without a stamp");
    expect_read("long-stamp", "longer than 64 bytes");
}

TEST_F(Nonsense, InStatusesIsTold) {
    expect_read("wordless", "without saying why");
    expect_read("status", "without saying why");
    expect(nonsense_->remove("status", false, {}).error, "without saying why");
}

TEST_F(Nonsense, FromAnotherThreadIsTold) {
    expect_read("other-thread", "another thread");
}

TEST_F(Nonsense, InChangesIsTold) {
    expect_apply("two states", "two states");
    expect_apply("unknown path", "\"/elsewhere\"");
    expect_apply("no pointer", "no pointer");
    expect_apply("wrong outcome", "an apply reports a change as planned");
    expect_apply("wrong outcome", "a dry run reports a change as made", true);
    expect_apply("no value", "good JSON");
    for (const char* text : {"torn state", "deep state", "name twice"})
        expect_apply(text, "good JSON");
}

// Not a broken rule: the plugin may be of a later minor of the ABI.
TEST_F(Nonsense, DoesNotMeanNumbersOfALaterMinorWhoseWordsAreKept) {
    const auto apply = [&](const char* text, bool dry_run = false) {
        return nonsense_->apply("one", json::Object{{"text", text}}, dry_run, {});
    };
    for (const bool dry_run : {false, true}) {
        const Applied applied = apply("later minor", dry_run);
        ASSERT_FALSE(applied.error) << applied.error->what;
        ASSERT_EQ(applied.changes.size(), 1U);
        EXPECT_EQ(applied.changes[0].action, wire::Action::set);
        EXPECT_EQ(applied.changes[0].outcome,
                  dry_run ? wire::Outcome::planned : wire::Outcome::done);
    }
    const Applied noted = apply("later severity");
    ASSERT_FALSE(noted.error) << noted.error->what;
    ASSERT_EQ(noted.notes.size(), 1U);
    EXPECT_NE(noted.notes[0].find("words of a later minor"), std::string::npos);
    const Applied failed = apply("later status");
    ASSERT_TRUE(failed.error);
    EXPECT_EQ(failed.error->code, Errc::internal);
    EXPECT_NE(failed.error->what.find("words of a later minor"), std::string::npos);
    EXPECT_EQ(failed.error->what.find("misbehaves"), std::string::npos);
}

TEST_F(Nonsense, DoesNotKeepItFromServingAfterwards) {
    expect_read("broken", "good JSON");
    EXPECT_FALSE(nonsense_->apply("good", value(R"({"text":"quiet"})"), false, {}).error);
    EXPECT_EQ(nonsense_->read({"good"}, {})->size(), 1u);
}

}  // namespace
}  // namespace evenkeel::plugin
