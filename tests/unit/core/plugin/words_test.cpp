#include <atomic>
#include <chrono>
#include <fstream>
#include <future>
#include <string>

#include <gtest/gtest.h>

#include "core/base/file.hpp"
#include "core/crypto/hash.hpp"
#include "core/plugin/abi.hpp"
#include "core/plugin/answers.hpp"
#include "core/plugin/platform.hpp"
#include "core/plugin/plugin_log.hpp"
#include "core/plugin/printed_output.hpp"
#include "core/plugin/reactor.hpp"
#include "core/plugin/storage.hpp"
#include "tests/unit/core/plugin/loaded.hpp"
#include "tests/unit/core/temp_folder.hpp"

// What the ABI can say beside states and changes.
namespace evenkeel::plugin {
namespace {

class Words : public testing::Test {
  protected:
    std::unique_ptr<Collection> open(const std::string& name) {
        LoadOptions options = test_options();
        options.data_dir = folder_.path();
        options.known_secrets = [this] { return known_; };
        auto loaded = load({TEST_PLUGINS}, "words", options);
        EXPECT_TRUE(loaded) << loaded.error().what;
        for (auto& collection : *loaded)
            if (collection->name() == name) return std::move(collection);
        return nullptr;
    }
    Applied apply(const char* id, const char* description, bool dry_run = false) {
        return kept_->apply(id, value(description), dry_run, {});
    }

    test::TempFolder folder_;
    Result<secrets::SecretTexts> known_ = secrets::SecretTexts{"known-elsewhere", "swordfish"};
    std::unique_ptr<Collection> kept_ = open("kept");
};

TEST_F(Words, OfAStorageOutliveTheInstance) {
    ASSERT_FALSE(apply("one", R"({"text":"a"})").error);
    kept_ = open("kept");
    EXPECT_EQ(kept_->read({"one", "two"}, {})->size(), 1u);
    EXPECT_EQ(kept_->read({"one"}, {})->front().state, value(R"({"text":"a"})"));
    // A host without a folder for its plugins has no storage, and says so.
    const auto homeless = open_collection("words", "kept");
    EXPECT_EQ(homeless->read({"one"}, {}).error().what, "this host has no storage");
}

TEST_F(Words, OfAnIdHaveOneSpelling) {
    for (const bool dry_run : {true, false}) {
        const Applied refused = apply("One", R"({"text":"a"})", dry_run);
        ASSERT_TRUE(refused.error);
        EXPECT_EQ(refused.error->code, Errc::invalid);
        EXPECT_EQ(refused.error->what, "\"One\" is another spelling: write it one");
        EXPECT_TRUE(refused.changes.empty());
    }
    EXPECT_EQ(apply("nothing", R"({"text":"a"})").error->what, "nothing is no id");
    EXPECT_FALSE(apply("one", R"({"text":"a"})").error);
}

TEST_F(Words, ThatProgramsHavePrintedComeWithTheResult) {
    const Applied applied = apply("one", R"({"text":"a swordfish","secret":"swordfish"})");
    ASSERT_FALSE(applied.error) << applied.error->what;
    ASSERT_TRUE(applied.output);
    EXPECT_EQ(applied.output->text, "stored one with a ***\n\xEF\xBF\xBD is no letter\n");
    EXPECT_EQ(applied.output->bytes, 43U);
    EXPECT_FALSE(applied.output->cut);
    EXPECT_FALSE(apply("one", R"({"text":"a swordfish"})").output);
    EXPECT_EQ(apply("two", R"({"text":"known-elsewhere"})").output->text.substr(0, 20),
              "stored two with ***\n");
}

TEST_F(Words, ThatAreManyAreKeptFromTheBeginningAndTheEnd) {
    const Applied applied = apply("one", R"({"text":"much"})");
    ASSERT_TRUE(applied.output);
    const std::string& text = applied.output->text;
    EXPECT_TRUE(applied.output->cut);
    EXPECT_GT(applied.output->bytes, 90'000U);
    EXPECT_LE(text.size(), PrintedOutput::kBytesMost + 100);
    EXPECT_GT(text.size(), PrintedOutput::kBytesMost - 200);
    EXPECT_EQ(text.substr(0, 14), "line 0\nline 1\n");
    EXPECT_NE(text.find(" bytes are left out ...\nline "), text.npos);
    EXPECT_NE(text.find("line 9999\nstored one with much\n"), text.npos);
}

TEST_F(Words, OfAChangeSayWhatHasToBeStartedAnew) {
    EXPECT_EQ(apply("one", R"({"text":"a"})").changes.back().needs, wire::Needs::restart);
    const Applied old = apply("one", R"({"text":"old"})");
    EXPECT_EQ(old.changes.back().needs, wire::Needs::reboot);
    EXPECT_TRUE(wire::needs_reboot(old.changes));
    EXPECT_FALSE(wire::needs_reboot(apply("two", R"({"text":"old"})", true).changes));
}

TEST_F(Words, ThatGoOutOfUseAreNoted) {
    for (const bool dry_run : {true, false})
        EXPECT_EQ(apply("one", R"({"text":"a","words":"b"})", dry_run).notes,
                  std::vector<std::string>{"the field words is deprecated: use text"});
    EXPECT_TRUE(apply("one", R"({"text":"b"})").notes.empty());
}

TEST_F(Words, ThatAreForNobodyInParticularGoToTheLog) {
    testing::internal::CaptureStderr();
    EXPECT_TRUE(apply("one", R"({"text":"a swordfish"})").notes.empty());
    const std::string logged = testing::internal::GetCapturedStderr();
    EXPECT_NE(logged.find("it is written, a ***"), std::string::npos) << logged;
}

TEST_F(Words, OfWhatCannotBeRemovedAreRefused) {
    ASSERT_FALSE(apply("one", R"({"text":"a"})").error);
    for (const bool dry_run : {true, false})
        EXPECT_EQ(kept_->remove("one", dry_run, {}).error->code, Errc::unsupported);
    EXPECT_EQ(kept_->capabilities(),
              (std::vector<std::string>{"read", "apply", "plan", "normalize"}));
}

TEST_F(Words, OfWhatCanOnlyBeReadAreCompared) {
    const auto gauge = open("gauge");
    const Applied planned = gauge->apply("pressure", value(R"({"text":"low"})"), true, {});
    ASSERT_FALSE(planned.error) << planned.error->what;
    ASSERT_EQ(planned.changes.size(), 1U);
    EXPECT_EQ(planned.changes[0].path, "/text");
    EXPECT_EQ(planned.changes[0].outcome, wire::Outcome::planned);
    EXPECT_TRUE(gauge->apply("pressure", value(R"({"text":"high"})"), true, {}).changes.empty());
    EXPECT_EQ(gauge->apply("pressure", value(R"({"text":"low"})"), false, {}).error->code,
              Errc::unsupported);
}

// A plugin that goes on after a cancel is told so by each callback; what it has done is kept.
TEST_F(Words, AfterACancelAreTakenAndAnsweredWithIt) {
    CancelSource cancel;
    Call call;
    call.cancel = &cancel;
    Answers answers(call, 0);
    const ek_out& out = *answers.call()->out;
    answers.entries.emplace_back().id = "one";
    cancel.cancel();
    const ek_item item{sizeof item, 0, borrow("one"), borrow("{}"), kAbsent, nullptr};
    const ek_subject subject{sizeof subject, 0, borrow("one")};
    const ek_change change{sizeof change, EK_ACT_SET, borrow("/text"), kAbsent, borrow("1"),
                           EK_OUT_DONE,   0};
    const ek_state state{sizeof state, 0, borrow("{}")};
    const ek_diag diag{sizeof diag, EK_SEV_ERROR, kAbsent, borrow("why"), kAbsent, 0, 0};
    const ek_progress progress{sizeof progress, 1, borrow("on")};
    const ek_output output{sizeof output, EK_STREAM_OUT, borrow("printed")};
    EXPECT_EQ(out.item(out.ctx, &item), EK_E_CANCELLED);
    EXPECT_EQ(out.about(out.ctx, &subject), EK_E_CANCELLED);
    EXPECT_EQ(out.change(out.ctx, &change), EK_E_CANCELLED);
    EXPECT_EQ(out.state(out.ctx, &state), EK_E_CANCELLED);
    EXPECT_EQ(out.diag(out.ctx, &diag), EK_E_CANCELLED);
    EXPECT_EQ(out.progress(out.ctx, &progress), EK_E_CANCELLED);
    EXPECT_EQ(out.output(out.ctx, &output), EK_E_CANCELLED);
    EXPECT_EQ(answers.broken_rule(), "");
    const Part& one = answers.entries.front();
    EXPECT_EQ(one.changes.size(), 1U);
    EXPECT_TRUE(one.state);
    EXPECT_EQ(one.diags.size(), 1U);
    EXPECT_EQ(one.output.text(), "printed");
}

// Taking the secrets out takes long where there are many: all watches would have to wait for it.
TEST(LogOfAPlugin, IsWrittenBesideTheReactorAndManyLinesCostOneReadingOfTheSecrets) {
    std::promise<void> all_are_said;
    std::atomic<int> readings{0};
    const auto known = [&]() -> Result<secrets::SecretTexts> {
        if (++readings == 1) all_are_said.get_future().wait();
        return secrets::SecretTexts{"swordfish"};
    };
    testing::internal::CaptureStderr();
    {
        const PluginLog log("test 1", known);
        const auto say_all = [&log] {
            for (int i = 0; i < 500; ++i)
                log.write(EK_SEV_INFO, borrow("line with swordfish"), borrow("swordfish too"));
        };
        EXPECT_TRUE(Reactor::shared().value()->run(say_all, std::chrono::seconds(60)));
        all_are_said.set_value();
    }
    const std::string logged = testing::internal::GetCapturedStderr();
    EXPECT_LE(readings, 2);
    EXPECT_EQ(logged.find("swordfish"), logged.npos);
    std::size_t lines = 0;
    for (std::size_t at = 0; (at = logged.find("line with ***", at)) != logged.npos; ++at) ++lines;
    EXPECT_EQ(lines, 500u);
}

class PluginStorage : public testing::Test {
  protected:
    // As the next process would.
    const ek_storage& open() {
        storage_.reset();
        storage_ = Storage::open(folder_.path() + "/s", "test").value();
        return *storage_->table();
    }
    static std::string get(const ek_storage& storage, const std::string& key) {
        std::string value;
        const ek_status status =
            storage.get(storage.ctx, borrow(key), &value, [](void* into, ek_str bytes) {
                *static_cast<std::string*>(into) = copy(bytes);
                return ek_status{EK_OK};
            });
        return status == EK_OK ? value : "status " + std::to_string(status);
    }
    static ek_status put(const ek_storage& storage, const std::string& key,
                         const std::string& bytes) {
        return storage.put(storage.ctx, borrow(key), borrow(bytes));
    }

    test::TempFolder folder_;
    std::shared_ptr<Storage> storage_;
};

TEST_F(PluginStorage, KeepsWhatItTookOverARestart) {
    EXPECT_EQ(put(open(), "../etc/passwd", std::string("a\0b", 3)), EK_OK);
    EXPECT_EQ(put(*storage_->table(), "none", ""), EK_OK);
    // A write that a crash has cut short leaves nothing behind.
    ASSERT_TRUE(write_file(folder_.path() + "/s/half-written", "x", 0600));
    const ek_storage& again = open();
    EXPECT_EQ(get(again, "../etc/passwd"), std::string("a\0b", 3));
    EXPECT_EQ(get(again, "none"), "");
    EXPECT_FALSE(read_file(folder_.path() + "/s/half-written"));
    EXPECT_EQ(put(again, "none", "some"), EK_OK);
    EXPECT_EQ(get(again, "none"), "some");
    EXPECT_EQ(again.erase(again.ctx, borrow("none")), EK_OK);
    EXPECT_EQ(again.erase(again.ctx, borrow("none")), EK_OK);
    EXPECT_EQ(get(again, "none"), "status " + std::to_string(EK_E_NOT_FOUND));
}

// One version of a plugin replaces another, which is still at work.
TEST_F(PluginStorage, IsSharedByTwoVersionsOfAPlugin) {
    ASSERT_EQ(put(open(), "one", "a"), EK_OK);
    const std::string half_written = folder_.path() + "/s/value.new_1";
    ASSERT_TRUE(write_file(half_written, "x", 0600));
    const auto other = Storage::open(folder_.path() + "/s", "test").value();
    EXPECT_TRUE(read_file(half_written)) << "it is being written";
    EXPECT_EQ(put(*other->table(), "one", "b"), EK_OK);
    EXPECT_EQ(get(*storage_->table(), "one"), "b");
    open();
    EXPECT_TRUE(read_file(half_written)) << "the other one may still write it";
}

TEST_F(PluginStorage, HasBounds) {
    const ek_storage& storage = open();
    EXPECT_EQ(put(storage, "", "x"), EK_E_INVALID);
    EXPECT_EQ(put(storage, std::string(256, 'k'), "x"), EK_OK);
    EXPECT_EQ(put(storage, std::string(257, 'k'), "x"), EK_E_INVALID);
    EXPECT_EQ(put(storage, "\xff", "x"), EK_E_INVALID);
    EXPECT_EQ(put(storage, "large", std::string(65'536, 'v')), EK_OK);
    EXPECT_EQ(put(storage, "large", std::string(65'537, 'v')), EK_E_INVALID);
    EXPECT_EQ(get(storage, "large").size(), 65'536U);
    // As so many put() would leave it, without their syncs.
    for (int i = 0; i < 998; ++i)
        std::ofstream(folder_.path() + "/s/" + crypto::sha256_hex(std::to_string(i)));
    const ek_storage& full = open();
    EXPECT_EQ(put(full, "one more", ""), EK_E_UNAVAILABLE);
    EXPECT_EQ(put(full, "large", "small"), EK_OK);
    EXPECT_EQ(full.erase(full.ctx, borrow("large")), EK_OK);
    EXPECT_EQ(put(full, "one more", ""), EK_OK);
}

TEST(Platform, IsTheIdOrAnIdLikeIt) {
    const auto refusal = [](const char* manifest, const char* release) {
        const auto fits = require_platform("cron", manifest, release);
        return fits ? "" : fits.error().what;
    };
    constexpr const char* kForTwo = R"({"platforms":["debian","fedora"]})";
    EXPECT_EQ(refusal("{}", "ID=plan9\n"), "");
    EXPECT_EQ(refusal(kForTwo, "NAME=\"x\"\nID=debian\n"), "");
    EXPECT_EQ(refusal(kForTwo, "ID=mint\nID_LIKE=\"ubuntu debian\"\n"), "");
    EXPECT_EQ(refusal(kForTwo, "ID=\"opensuse-leap\"\nID_LIKE=\"suse opensuse\"\n"),
              "plugin cron is for debian and fedora and this machine is opensuse-leap: install the "
              "one for this machine, or none");
    EXPECT_NE(refusal(R"({"platforms":"debian"})", "ID=debian\n"), "");
}

}  // namespace
}  // namespace evenkeel::plugin
