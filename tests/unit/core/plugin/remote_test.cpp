#include <csignal>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <thread>

#include <gtest/gtest.h>
#include <pwd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/base/time.hpp"
#include "core/plugin/remote/remote_plugin.hpp"
#include "core/plugin/remote/restarts.hpp"
#include "tests/support/wait.hpp"
#include "tests/unit/core/plugin/loaded.hpp"
#include "tests/unit/core/plugin/recorded_hints.hpp"
#include "tests/unit/core/temp_folder.hpp"

// Plugins in processes of their own: what no plugin can do to its host. That they do all that they
// do in the host's process is shown by the other tests, which run both ways.
namespace evenkeel::plugin {
namespace {

using namespace std::chrono_literals;

class Remote : public testing::Test {
  protected:
    Remote() {
        isolation_.program = PLUGIN_HOST;
        isolation_.grace = 200ms;
        isolation_.on_held = [this](const std::string& plugin, const std::string& why) {
            const std::lock_guard lock(mutex_);
            held_ = plugin + ": " + why;
        };
    }
    // What is said of a plugin that does harm when it is loaded.
    std::string refusal_of(const std::string& plugin) {
        LoadOptions options = test_options();
        options.isolation = isolation_;
        const auto loaded = load({TEST_PLUGINS "/hostile"}, plugin, options);
        return loaded ? "it is loaded" : loaded.error().what;
    }
    std::unique_ptr<Collection> open(const std::string& plugin) {
        LoadOptions options = test_options();
        options.isolation = isolation_;
        options.data_dir = data_dir_;
        auto loaded = load({TEST_PLUGINS}, plugin, options);
        if (loaded) return std::move(loaded->front());
        ADD_FAILURE() << loaded.error().what;
        return nullptr;
    }
    static Applied apply(Collection& collection, const std::string& text,
                         const std::string& id = "one") {
        return collection.apply(id, json::Object{{"text", text}}, false, {});
    }
    // What the error says; empty: there is none.
    static std::string error_of(Collection& collection, const std::string& text,
                                const std::string& id = "one") {
        const Applied applied = apply(collection, text, id);
        return applied.error ? applied.error->what : "";
    }
    static bool has(const std::string& text, const std::string& part) {
        return text.find(part) != std::string::npos;
    }
    static pid_t pid_of(Collection& collection) {
        return static_cast<pid_t>(collection.process()->describe()["pid"].as_integer());
    }
    // A zombie, which nobody may have reaped yet, does not run.
    static bool is_running(pid_t pid) {
        std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
        std::string number, name, state;
        return static_cast<bool>(stat >> number >> name >> state) && state != "Z" && state != "X";
    }
    // Of this process, in KiB.
    static std::size_t peak_memory() {
        rusage usage{};
        ::getrusage(RUSAGE_SELF, &usage);
        return static_cast<std::size_t>(usage.ru_maxrss);
    }
    std::string held() {
        const std::lock_guard lock(mutex_);
        return held_;
    }

    Isolation isolation_;
    std::string data_dir_;

  private:
    std::mutex mutex_;
    std::string held_;
};

TEST_F(Remote, AnEndInTheMiddleOfAChangeIsToldWithWhatWasDoneAndTheNextCallIsServed) {
    const auto unruly = open("unruly");
    const Applied applied = apply(*unruly, "kill");
    ASSERT_TRUE(applied.error);
    EXPECT_EQ(applied.error->code, Errc::unavailable);
    EXPECT_TRUE(
        has(applied.error->what, "its process ended in the apply: it was ended by signal 9"))
        << applied.error->what;
    ASSERT_EQ(applied.changes.size(), 1u);
    EXPECT_EQ(applied.changes[0].outcome, wire::Outcome::done);
    EXPECT_EQ(error_of(*unruly, "fine"), "");
    EXPECT_EQ(unruly->process()->describe()["restarts"].as_integer(), 1);
    EXPECT_TRUE(has(unruly->process()->describe()["last_end"].as_string(), "signal 9"));
}

TEST_F(Remote, AnEndByItselfIsToldWithItsCode) {
    const auto unruly = open("unruly");
    const Applied applied = apply(*unruly, "exit");
    ASSERT_TRUE(applied.error);
    EXPECT_TRUE(has(applied.error->what, "it ended by itself with 7")) << applied.error->what;
}

TEST_F(Remote, WhatDoesNotComeBackIsEndedAndServesAgain) {
    const auto unruly = open("unruly");
    const pid_t before = pid_of(*unruly);
    Call call;
    call.timeout = 10ms;
    const Applied hung = unruly->apply("one", value(R"({"text":"hang"})"), false, call);
    ASSERT_TRUE(hung.error);
    EXPECT_EQ(hung.error->code, Errc::timeout);
    EXPECT_TRUE(has(hung.error->what, "it did not come back, so it was ended")) << hung.error->what;
    EXPECT_EQ(error_of(*unruly, "fine"), "");
    EXPECT_NE(pid_of(*unruly), before);
}

TEST_F(Remote, WhatIsCancelledAndDoesNotComeBackIsEnded) {
    const auto unruly = open("unruly");
    CancelSource cancel;
    Call call;
    call.cancel = &cancel;
    // Nothing tells from outside that it hangs: what is cancelled before it is sent is not sent.
    std::thread later([&cancel] {
        std::this_thread::sleep_for(1s);
        cancel.cancel();
    });
    EXPECT_EQ(unruly->apply("one", value(R"({"text":"hang"})"), false, call).error->code,
              Errc::timeout);
    later.join();
}

TEST_F(Remote, MemoryProcessesAndPrintingAreBounded) {
    const auto unruly = open("unruly");
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    EXPECT_TRUE(has(error_of(*unruly, "memory"), "bad_alloc"));
#endif
    EXPECT_TRUE(has(error_of(*unruly, "processes"), "fork: Operation not permitted"));
    EXPECT_EQ(error_of(*unruly, "fine"), "");
    testing::internal::CaptureStderr();
    // It waits until its lines are read, and they are read slowly.
    Call call;
    call.timeout = 100ms;
    static_cast<void>(unruly->apply("one", value(R"({"text":"print"})"), false, call));
    EXPECT_EQ(error_of(*unruly, "fine"), "");
    const std::string logged = testing::internal::GetCapturedStderr();
    EXPECT_TRUE(has(logged, "printed: zzz"));
    EXPECT_LT(logged.size(), 200'000u);
}

TEST_F(Remote, IsEndedBeforeTheAgentWhenMemoryIsShort) {
    const auto unruly = open("unruly");
    std::ifstream file("/proc/" + std::to_string(pid_of(*unruly)) + "/oom_score_adj");
    int points = 0;
    file >> points;
    EXPECT_EQ(points, 500);
}

TEST_F(Remote, NamesThePermissionThatTheManifestDoesNotDeclare) {
    const auto unruly = open("unruly");
    for (const auto& [text, permission] :
         {std::pair("program", "spawn"), std::pair("socket", "network")}) {
        testing::internal::CaptureStderr();
        EXPECT_TRUE(has(error_of(*unruly, text), "Operation not permitted")) << text;
        const std::string logged = testing::internal::GetCapturedStderr();
        EXPECT_TRUE(has(logged, std::string("\"") + permission + "\" in permissions")) << logged;
    }
}

TEST_F(Remote, CannotAnswerItsOwnRefusedCalls) {
    const auto unruly = open("unruly");
    EXPECT_EQ(error_of(*unruly, "listener"), "");
}

TEST_F(Remote, IsRefusedWhileItIsLoaded) {
    testing::internal::CaptureStderr();
    const std::string refusal = refusal_of("asks");
    const std::string logged = testing::internal::GetCapturedStderr();
    EXPECT_TRUE(has(refusal, "is not of ABI")) << refusal;
    EXPECT_TRUE(has(logged, "\"network\" in permissions")) << logged;
}

TEST_F(Remote, WritesNowhereButWhereItSaysSo) {
    const evenkeel::test::TempFolder folder;
    data_dir_ = folder.path() + "/data";
    const auto unruly = open("unruly");
    EXPECT_TRUE(has(error_of(*unruly, "file", folder.path() + "/x"), "Permission denied"));
    EXPECT_EQ(error_of(*unruly, "file", data_dir_ + "/unruly/x"), "");
    EXPECT_TRUE(std::filesystem::exists(data_dir_ + "/unruly/x"));
}

TEST_F(Remote, IsAnotherUserThatOwnsItsFolder) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can become another user";
    isolation_.user = "nobody";
    const evenkeel::test::TempFolder folder;
    data_dir_ = folder.path() + "/data";
    const auto unruly = open("unruly");
    ASSERT_NE(unruly, nullptr);
    const std::string nobody = std::to_string(::getpwnam("nobody")->pw_uid);
    EXPECT_TRUE(has(error_of(*unruly, "who"), nobody + ": "));
    EXPECT_EQ(error_of(*unruly, "keep"), "");
    EXPECT_TRUE(std::filesystem::exists(data_dir_ + "/unruly/kept"));
    EXPECT_TRUE(has(error_of(*unruly, "file", folder.path() + "/x"), "Permission denied"));
}

TEST_F(Remote, NonsenseEndsItAndNobodyElse) {
    const auto memory = open("memory");
    const auto unruly = open("unruly");
    const std::string error = error_of(*unruly, "nonsense");
    EXPECT_TRUE(has(error, "it sent")) << error;
    EXPECT_EQ(error_of(*memory, "fine"), "");
    EXPECT_EQ(error_of(*unruly, "fine"), "");
}

TEST_F(Remote, AnAnswerToACloseEndsItAndNobodyElse) {
    for (const char* last : {"last item", "last sign of life"}) {
        auto unruly = open("unruly");
        EXPECT_EQ(error_of(*unruly, last), "");
        unruly.reset();
    }
    const auto memory = open("memory");
    EXPECT_EQ(error_of(*memory, "fine"), "");
}

TEST_F(Remote, AConnectionThatIsClosedAtTheStartDoesNotHoldTheStartUp) {
    const std::string refusal = refusal_of("shuts");
    EXPECT_TRUE(has(refusal, "it closed its connection; to see why run: ek-plugin doctor /"))
        << refusal;
}

TEST_F(Remote, CollectionsWithoutEndAreRefusedBeforeTheyAreBuilt) {
    const auto before = peak_memory();
    const std::string refusal = refusal_of("swamps");
    EXPECT_TRUE(has(refusal, "does not say what it serves")) << refusal;
    // The message itself has 40 MB, and its buffer grew to it.
    EXPECT_LT(peak_memory() - before, 150u << 10) << "KiB";
}

TEST_F(Remote, AProgramThatItHasStartedEndsWithIt) {
    testing::internal::CaptureStderr();
    const std::string refusal = refusal_of("leaves");
    const std::string logged = testing::internal::GetCapturedStderr();
    EXPECT_TRUE(has(refusal, "it ended by itself with 1")) << refusal;
    const auto at = logged.find("left ");
    ASSERT_NE(at, std::string::npos) << logged;
    const pid_t left = std::stoi(logged.substr(at + 5));
    EXPECT_TRUE(evenkeel::test::wait_until([&] { return !is_running(left); }));
}

TEST_F(Remote, IsHeldAfterTooManyEndsUntilItIsReleased) {
    const auto unruly = open("unruly");
    for (unsigned i = 0; i < Restarts::kMost; ++i) EXPECT_TRUE(has(error_of(*unruly, "exit"), "7"));
    ASSERT_TRUE(evenkeel::test::wait_until([&] { return !held().empty(); }));
    EXPECT_TRUE(has(held(), "unruly: the process of the plugin unruly 1.2.3 ended 5 times"));
    EXPECT_TRUE(has(error_of(*unruly, "fine"), "ended 5 times"));
    unruly->process()->release();
    EXPECT_EQ(error_of(*unruly, "fine"), "");
}

TEST_F(Remote, AWatchIsLostWithItsProcessAndCanBeMadeAnew) {
    RecordedHints hints;
    const auto memory = open("memory");
    auto watch = memory->watch(hints.listener()).value();
    ASSERT_TRUE(watch->interest("a", true));
    ASSERT_EQ(::kill(pid_of(*memory), SIGKILL), 0);
    ASSERT_TRUE(hints.wait_for(1));
    EXPECT_EQ(hints.missed(), 1);
    EXPECT_TRUE(watch->lost());
    // The first may still find the process that has ended.
    auto again = memory->watch(hints.listener());
    for (int tries = 1; !again && tries < 20; ++tries) again = memory->watch(hints.listener());
    ASSERT_TRUE(again) << again.error().what;
    watch = *std::move(again);
    ASSERT_TRUE(watch->interest("a", true));
    ASSERT_FALSE(memory->invoke("a", "tamper", value(R"({"text":"b"})"), {}).error);
    EXPECT_TRUE(hints.wait_for_id("a"));
}

TEST_F(Remote, EndsWithItsLastUser) {
    auto memory = open("memory");
    const pid_t pid = pid_of(*memory);
    ASSERT_EQ(::kill(pid, 0), 0);
    memory.reset();
    EXPECT_NE(::kill(pid, 0), 0);
}

TEST(Restarts, PausesDoubleAndOldEndsAreForgotten) {
    Restarts restarts;
    EXPECT_EQ(restarts.ended(0ms), 100ms);
    EXPECT_EQ(restarts.ended(1s), 200ms);
    EXPECT_EQ(restarts.ended(2s), 400ms);
    EXPECT_EQ(restarts.ended(3s), 800ms);
    EXPECT_EQ(restarts.ended(11min), 100ms);
    for (int i = 0; i < 3; ++i) restarts.ended(11min);
    EXPECT_FALSE(restarts.ended(12min));
    restarts.forgive();
    EXPECT_EQ(restarts.ended(12min), 100ms);
}

}  // namespace
}  // namespace evenkeel::plugin
