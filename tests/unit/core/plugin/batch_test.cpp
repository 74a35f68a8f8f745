#include <gtest/gtest.h>

#include "tests/unit/core/plugin/loaded.hpp"

// Many changes in one call, by plugins that keep the rules and by those that do not.
namespace evenkeel::plugin {
namespace {

Entry entry(const std::string& id, const char* description) {
    return {id, description == nullptr ? json::Value() : value(description)};
}

class Batch : public testing::Test {
  protected:
    void apply(const std::string& id, const char* description) {
        ASSERT_FALSE(memory_->apply(id, value(description), false, {}).error);
    }
    std::string text_of(const std::string& id) {
        const auto items = memory_->read({id}, {}).value();
        return items.empty() ? "" : items.front().state.string_or("text");
    }
    // How often the plugin was called.
    Call counting() {
        Call call;
        call.progress = [this](const Progress& news) {
            if (news.permille == 1000) said_ += news.message + ";";
            else halfway_ += news.id + ";";
        };
        return call;
    }

    std::unique_ptr<Collection> memory_ = open_collection("memory", "memory");
    std::string said_, halfway_;
};

TEST_F(Batch, AppliesAndRemovesInOneCallAndAnswersInOrder) {
    apply("gone", R"({"text":"x"})");
    ASSERT_TRUE(memory_->batches());
    const auto all = memory_->apply_many(
        {entry("a", R"({"text":"1"})"), entry("gone", nullptr), entry("b", R"({"text":"2"})")},
        false, counting());
    ASSERT_EQ(all.size(), 3u);
    EXPECT_EQ(said_, "transaction 1;");
    EXPECT_EQ(halfway_, "a;b;") << "progress is about somebody";
    EXPECT_EQ(all[0].state["text"], json::Value("1"));
    EXPECT_EQ(all[1].changes.at(0).path, "/ensure");
    EXPECT_EQ(all[2].changes.at(1).after, json::Value("2"));
    EXPECT_EQ(text_of("a") + text_of("gone") + text_of("b"), "12");
}

TEST_F(Batch, PlansWithoutChanging) {
    const auto all = memory_->apply_many(
        {entry("a", R"({"text":"1"})"), entry("b", R"({"text":"2"})")}, true, counting());
    EXPECT_EQ(said_, "transaction 1;");
    for (const Applied& one : all) {
        ASSERT_FALSE(one.error) << one.error->what;
        EXPECT_EQ(one.changes.at(0).outcome, wire::Outcome::planned);
    }
    EXPECT_EQ(text_of("a") + text_of("b"), "");
}

TEST_F(Batch, FailsTheEntryAloneWithItsOwnStatus) {
    const auto all =
        memory_->apply_many({entry("a", R"({"text":"1"})"), entry("b", R"({"text":"refuse"})"),
                             entry("c", R"({"text":3})"), entry("d", R"({"text":"4"})")},
                            false, counting());
    EXPECT_FALSE(all[0].error || all[3].error);
    EXPECT_EQ(all[1].error->code, Errc::denied);
    EXPECT_EQ(all[1].error->what, "it is refused (/text): say please");
    EXPECT_EQ(all[2].error->code, Errc::invalid);
    EXPECT_EQ(text_of("a") + text_of("d"), "14");
}

TEST_F(Batch, GoesOneByOneWhereAnIdComesTwiceOrThePluginHasNoBatch) {
    const auto twice = memory_->apply_many(
        {entry("a", R"({"text":"1"})"), entry("a", R"({"text":"2"})")}, false, counting());
    EXPECT_EQ(said_, "");
    EXPECT_EQ(twice[1].changes.at(0).before, json::Value("1"));
    const auto plain = open_collection("memory", "plain");
    EXPECT_FALSE(plain->batches());
    const auto all =
        plain->apply_many({entry("a", R"({"text":"1"})"), entry("b", nullptr)}, false, counting());
    EXPECT_FALSE(all.at(0).error || all.at(1).error);
    EXPECT_EQ(plain->read({"a"}, {})->size(), 1u);
}

TEST_F(Batch, NeverLetsASecretOut) {
    const auto all = memory_->apply_many(
        {entry("a", R"({"secret":"swordfish"})"), entry("b", R"({"secret":"goldfish"})")}, false,
        {});
    for (const Applied& one : all) {
        EXPECT_NE(one.state["secret"].find("redacted"), nullptr);
        for (const wire::Change& change : one.changes)
            EXPECT_EQ(json::write(wire::encode(change)).find("fish"), std::string::npos);
    }
}

TEST(HostileBatch, IsToldByTheRuleThatItBreaks) {
    const auto nonsense = open_collection("nonsense", "nonsense");
    const auto errors_of = [&](const char* first) {
        return nonsense->apply_many({entry(first, "{}"), entry("other", "{}")}, false, {});
    };
    for (const auto& [first, words] :
         {std::pair("change-before-about", "a change comes before what it is about"),
          std::pair("state-before-about", "a state comes before what it is about"),
          std::pair("about-a-stranger", "about \"somebody-else\", which was not asked for"),
          std::pair("part-without-error", "done in part, and not what was not"),
          std::pair("two-states", "two states")}) {
        for (const Applied& one : errors_of(first)) {
            ASSERT_TRUE(one.error) << first;
            EXPECT_EQ(one.error->code, Errc::internal);
            EXPECT_TRUE(one.error->what.starts_with("plugin nonsense 1.2.3 misbehaves: "));
            EXPECT_NE(one.error->what.find(words), std::string::npos) << one.error->what;
        }
    }
    const auto missing = errors_of("missing");
    EXPECT_FALSE(missing[0].error);
    EXPECT_NE(missing[1].error->what.find("what became of \"other\""), std::string::npos);
}

TEST(ThrowingBatch, FailsEveryEntryAndKeepsWhatWasTold) {
    for (const char* name : {"throws", "escapes"}) {
        const auto collection = open_collection("throws", name);
        const auto all = collection->apply_many({entry("a", "{}"), entry("b", "{}")}, false, {});
        for (const Applied& one : all) {
            ASSERT_TRUE(one.error) << name;
            EXPECT_EQ(one.error->code, Errc::internal);
            EXPECT_NE(one.error->what.find("throws 1.2.3"), std::string::npos) << one.error->what;
        }
        EXPECT_EQ(all[0].changes.size(), name == std::string("throws") ? 1u : 0u);
    }
}

}  // namespace
}  // namespace evenkeel::plugin
