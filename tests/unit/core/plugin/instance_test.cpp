#include <chrono>
#include <future>
#include <thread>

#include <gtest/gtest.h>
#include <unistd.h>

#include "core/json/counters.hpp"
#include "core/run/lane.hpp"
#include "tests/unit/core/plugin/loaded.hpp"

namespace evenkeel::plugin {
namespace {

std::string paths(const Applied& applied) {
    std::string all;
    for (const wire::Change& change : applied.changes)
        all += change.path + ":" + std::string(to_string(change.outcome)) + " ";
    return all;
}

class Instance : public testing::Test {
  protected:
    std::unique_ptr<Collection> memory_ = open_collection("memory", "memory");
    Call call_;
};

TEST_F(Instance, AppliesWhatItPlanned) {
    const auto description = value(R"({"text":"a","tags":["x"]})");
    const Applied planned = memory_->apply("one", description, true, call_);
    ASSERT_FALSE(planned.error) << planned.error->what;
    EXPECT_EQ(paths(planned), "/ensure:planned /tags:planned /text:planned ");
    EXPECT_TRUE(memory_->read({"one"}, call_)->empty());

    const Applied applied = memory_->apply("one", description, false, call_);
    ASSERT_FALSE(applied.error) << applied.error->what;
    EXPECT_EQ(paths(applied), "/ensure:done /tags:done /text:done ");
    EXPECT_EQ(applied.state, value(R"({"text":"a","tags":["x"],"color":"grey"})"));
    EXPECT_EQ(memory_->read({"one", "two"}, call_)->front().state, applied.state);
    EXPECT_TRUE(memory_->apply("one", description, false, call_).changes.empty());
}

TEST_F(Instance, RemovesOnceAndIsContentTheSecondTime) {
    ASSERT_FALSE(memory_->apply("one", value(R"({"text":"a"})"), false, call_).error);
    EXPECT_EQ(paths(memory_->remove("one", true, call_)), "/ensure:planned ");
    EXPECT_EQ(paths(memory_->remove("one", false, call_)), "/ensure:done ");
    const Applied again = memory_->remove("one", false, call_);
    EXPECT_FALSE(again.error);
    EXPECT_TRUE(again.changes.empty());
}

TEST_F(Instance, ReadsNothingOfWhatTheStampSaysIsUnchanged) {
    std::vector<Known> known;
    for (const char* id : {"a", "b", "c", "gone"}) known.push_back({id, ""});
    for (const char* id : {"a", "b", "c"})
        ASSERT_FALSE(memory_->apply(id, value(R"({"text":"x"})"), false, call_).error);
    const auto first = memory_->read_changed(known, call_).value();
    ASSERT_EQ(first.size(), 3U);
    for (std::size_t i = 0; i < first.size(); ++i) {
        EXPECT_FALSE(first[i].unchanged);
        known[i].stamp = first[i].stamp;
    }
    ASSERT_FALSE(memory_->apply("b", value(R"({"text":"y"})"), false, call_).error);

    const json::Counters before = json::counters();
    const auto second = memory_->read_changed(known, call_).value();
    const json::Counters cost = json::counters() - before;
    ASSERT_EQ(second.size(), 3U);
    EXPECT_TRUE(second[0].unchanged);
    EXPECT_FALSE(second[1].unchanged);
    EXPECT_EQ(second[1].state["text"], value("\"y\""));
    EXPECT_NE(second[1].stamp, known[1].stamp);
    EXPECT_TRUE(second[2].unchanged);
    EXPECT_EQ(cost.parses, 1U);
    // Of another instance the stamps mean nothing.
    const auto other = open_collection("memory", "memory");
    ASSERT_FALSE(other->apply("a", value(R"({"text":"x"})"), false, call_).error);
    EXPECT_FALSE(other->read_changed({known[0]}, call_)->front().unchanged);
}

TEST_F(Instance, ListsAllOrThoseAskedFor) {
    for (const char* id : {"a", "b", "c"})
        ASSERT_FALSE(memory_->apply(id, value(R"({"text":"x"})"), false, call_).error);
    EXPECT_EQ(memory_->list({}, call_)->size(), 3u);
    EXPECT_EQ(memory_->list({"b", "z"}, call_)->size(), 1u);
}

TEST_F(Instance, TellsAFailureWithThePointerAndTheHint) {
    const Applied refused = memory_->apply("one", value(R"({"text":"refuse"})"), false, call_);
    ASSERT_TRUE(refused.error);
    EXPECT_EQ(refused.error->code, Errc::denied);
    EXPECT_EQ(refused.error->what, "it is refused (/text): say please");
}

TEST_F(Instance, WithholdsAFailureWhileTheHostsSecretsCannotBeRead) {
    LoadOptions options = test_options();
    Result<secrets::SecretTexts> known = secrets::SecretTexts{"say please"};
    options.known_secrets = [&known] { return known; };
    auto loaded = load({TEST_PLUGINS}, "memory", options);
    ASSERT_TRUE(loaded) << loaded.error().what;
    const auto what = [&] {
        return loaded->front()
            ->apply("one", value(R"({"text":"refuse"})"), false, call_)
            .error.value()
            .what;
    };
    EXPECT_EQ(what(), "it is refused (/text): ***");
    known = fail(Errc::corrupt, "a description without body");
    EXPECT_EQ(what(), "(withheld)");
}

TEST_F(Instance, SaysWhyTheRestOfAChangeWasNotDone) {
    const Applied half =
        memory_->apply("one", value(R"({"text":"half","label":"x"})"), false, call_);
    ASSERT_TRUE(half.error);
    EXPECT_EQ(half.error->code, Errc::conflict);
    EXPECT_EQ(half.error->what, "the other half is in the way");
    EXPECT_NE(paths(half).find("/text:done "), std::string::npos) << paths(half);
    EXPECT_NE(paths(half).find("/label:failed "), std::string::npos) << paths(half);
}

// Wherever a plugin can say something, with the secrets of another description of the host.
class Chatter : public Instance {
  protected:
    void SetUp() override {
        LoadOptions options = test_options();
        options.known_secrets = [this] { return known_; };
        auto loaded = load({TEST_PLUGINS}, "memory", options);
        ASSERT_TRUE(loaded) << loaded.error().what;
        memory_ = std::move(loaded->front());
    }
    const json::Value description_ =
        value(R"({"text":"chatter","label":"known-elsewhere","secret":"swordfish"})");
    Result<secrets::SecretTexts> known_ = secrets::SecretTexts{"known-elsewhere", "swordfish"};
};

TEST_F(Chatter, NotesAreSentencesWithoutSecrets) {
    for (const bool dry_run : {true, false}) {
        const Applied applied = memory_->apply("one", description_, dry_run, call_);
        ASSERT_FALSE(applied.error);
        ASSERT_EQ(applied.notes.size(), 1u);
        EXPECT_EQ(applied.notes[0],
                  R"(given {"text":"chatter","label":"***","secret":"***"} (/text))");
    }
    EXPECT_TRUE(memory_->apply("one", value(R"({"text":"quiet"})"), false, call_).notes.empty());
    const auto many =
        memory_->apply_many({{"one", description_}, {"two", description_}}, true, call_);
    EXPECT_EQ(many[0].notes.size() + many[1].notes.size(), 2u);
    known_ = fail(Errc::corrupt, "a description without body");
    EXPECT_EQ(memory_->apply("one", description_, true, call_).notes[0], "(withheld)");
}

TEST_F(Chatter, LogAndProgressAreWithoutSecrets) {
    std::string heard;
    call_.progress = [&](const Progress& news) { heard += news.message; };
    testing::internal::CaptureStderr();
    ASSERT_FALSE(memory_->apply("one", description_, false, call_).error);
    const std::string logged = testing::internal::GetCapturedStderr();
    EXPECT_NE(logged.find("given"), std::string::npos) << logged;
    for (const std::string& text : {heard, logged}) {
        EXPECT_EQ(text.find("swordfish"), std::string::npos) << text;
        EXPECT_EQ(text.find("known-elsewhere"), std::string::npos) << text;
    }
}

TEST_F(Chatter, AnErrorOfAReadIsWithoutSecrets) {
    const auto unreadable = value(R"({"text":"unreadable","secret":"swordfish"})");
    ASSERT_FALSE(memory_->apply("one", unreadable, false, call_).error);
    const auto items = memory_->read({"one"}, call_);
    ASSERT_TRUE(items);
    ASSERT_TRUE(items->front().error);
    EXPECT_EQ(items->front().error->what.find("swordfish"), std::string::npos);
    EXPECT_NE(items->front().error->what.find("***"), std::string::npos);
}

TEST_F(Instance, ChecksTheDescriptionBeforeThePluginSeesIt) {
    const Applied wrong = memory_->apply("one", value(R"({"text":1})"), false, call_);
    ASSERT_TRUE(wrong.error);
    EXPECT_EQ(wrong.error->code, Errc::invalid);
    EXPECT_NE(wrong.error->what.find("/text"), std::string::npos);
}

TEST_F(Instance, NeverLetsASecretOut) {
    const auto description = value(R"({"secret":"swordfish","text":"a"})");
    const Applied applied = memory_->apply("one", description, false, call_);
    ASSERT_FALSE(applied.error);
    EXPECT_NE(applied.state["secret"].find("redacted"), nullptr);
    for (const wire::Change& change : applied.changes)
        EXPECT_EQ(json::write(wire::encode(change)).find("swordfish"), std::string::npos);

    const json::Value raw = memory_->read({"one"}, call_)->front().state;
    const json::Value kept = memory_->redact(description, raw);
    EXPECT_EQ(kept, applied.state);
    // Compliance can be judged by what was kept as by what was read.
    for (const json::Value& state : {raw, kept}) {
        EXPECT_TRUE(memory_->compare("one", description, state)->empty());
        const auto drift =
            memory_->compare("one", value(R"({"secret":"other-fish"})"), state).value();
        ASSERT_EQ(drift.size(), 1u);
        EXPECT_NE(drift[0].expected.find("redacted"), nullptr);
        EXPECT_NE(drift[0].actual.find("redacted"), nullptr);
        EXPECT_FALSE(drift[0].expected == drift[0].actual);
    }
}

TEST_F(Instance, InvokesOnlyWhatThePluginOffers) {
    EXPECT_FALSE(memory_->invoke("one", "tamper", value(R"({"text":"b"})"), call_).error);
    EXPECT_EQ(memory_->read({"one"}, call_)->front().state["text"], json::Value("b"));
    EXPECT_EQ(memory_->invoke("one", "explode", {}, call_).error->code, Errc::unsupported);
}

TEST_F(Instance, BringsAnOldDescriptionToTheNewSchema) {
    EXPECT_EQ(memory_->upgrade(1, value(R"({"words":"a"})")).value(), value(R"({"text":"a"})"));
    EXPECT_EQ(memory_->upgrade(2, value(R"({"text":"a"})")).value(), value(R"({"text":"a"})"));
    EXPECT_EQ(memory_->upgrade(3, value("{}")).error().code, Errc::unsupported);
}

TEST_F(Instance, PassesProgressOn) {
    std::string heard;
    call_.progress = [&](const Progress& news) {
        heard = news.id + std::to_string(news.permille) + " " + news.message;
    };
    ASSERT_FALSE(memory_->apply("one", value(R"({"text":"a"})"), false, call_).error);
    EXPECT_EQ(heard, "500 half way");
}

TEST_F(Instance, StopsACallThatWasCancelledBeforeItChangesAnything) {
    CancelSource cancel;
    cancel.cancel();
    call_.cancel = &cancel;
    const Applied applied = memory_->apply("one", value(R"({"text":"a"})"), false, call_);
    ASSERT_TRUE(applied.error);
    EXPECT_EQ(applied.error->code, Errc::cancelled);
    EXPECT_TRUE(memory_->read({"one"}, Call{})->empty());
}

TEST_F(Instance, SaysWhyTheHostCancelled) {
    CancelSource cancel;
    cancel.cancel({Errc::timeout, "it was silent"});
    cancel.cancel({Errc::cancelled, "the first who cancels says why"});
    call_.cancel = &cancel;
    const Applied applied = memory_->apply("one", value(R"({"text":"a"})"), false, call_);
    EXPECT_EQ(applied.error->code, Errc::timeout);
    EXPECT_EQ(applied.error->what, "it was silent");
}

TEST_F(Instance, StopsACallPastItsDeadline) {
    call_.timeout = std::chrono::milliseconds(0);
    const Applied applied = memory_->apply("one", value(R"({"text":"a"})"), false, call_);
    ASSERT_TRUE(applied.error);
    EXPECT_EQ(applied.error->code, Errc::timeout);
}

TEST(PlainInstance, IsPlannedByTheHostFromReadAndCompare) {
    const auto plain = open_collection("memory", "plain");
    EXPECT_EQ(paths(plain->apply("one", value(R"({"text":"a"})"), true, {})), "/ensure:planned ");
    ASSERT_FALSE(plain->apply("one", value(R"({"text":"a"})"), false, {}).error);
    const Applied planned = plain->apply("one", value(R"({"text":"b"})"), true, {});
    EXPECT_EQ(paths(planned), "/text:planned ");
    EXPECT_EQ(planned.changes[0].before, json::Value("a"));
    EXPECT_EQ(paths(plain->remove("one", true, {})), "/ensure:planned ");
    EXPECT_EQ(plain->read({"one"}, {})->size(), 1u);
    EXPECT_EQ(plain->list({}, {}).error().code, Errc::unsupported);
    EXPECT_FALSE(plain->watches());
}

TEST(ThrowingInstance, IsNamedWhetherTheWrapperCatchesItOrTheHost) {
    for (const char* name : {"throws", "escapes"}) {
        const auto collection = open_collection("throws", name);
        const auto asked = value(R"({"text":"exception"})");
        const Applied applied = collection->apply("one", asked, false, {});
        ASSERT_TRUE(applied.error);
        EXPECT_EQ(applied.error->code, Errc::internal);
        EXPECT_NE(applied.error->what.find(name == std::string("throws")
                                               ? "plugin throws 1.2.3: the plugin threw: the "
                                                 "author forgot something"
                                               : "plugin throws 1.2.3 misbehaves: an exception "
                                                 "leaves apply (past the wrapper)"),
                  std::string::npos)
            << applied.error->what;
        EXPECT_TRUE(collection->read({"one"}, {})) << "it still serves";
    }
}

TEST(HangingInstance, LeavesItsThreadBehindAndHarmsNobody) {
    run::Lane lane({.name = "hangs"});
    std::promise<void> begun;
    std::shared_ptr<Collection> hangs = open_collection("hangs", "hangs");
    ASSERT_TRUE(lane.submit([hangs, &begun] {
        begun.set_value();
        Call call;
        // In a process of its own the call would come back after its deadline.
        call.timeout = std::chrono::minutes(10);
        (void)hangs->apply("one", value(R"({"text":"hang"})"), false, call);
    }));
    begun.get_future().wait();
    EXPECT_FALSE(lane.stop(std::chrono::milliseconds(50)));
    hangs.reset();
    const auto memory = open_collection("memory", "memory");
    EXPECT_FALSE(memory->apply("one", value(R"({"text":"a"})"), false, {}).error);
}

}  // namespace
}  // namespace evenkeel::plugin
