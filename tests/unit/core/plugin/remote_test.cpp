#include <atomic>
#include <condition_variable>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <thread>

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/file.hpp"
#include "core/base/time.hpp"
#include "core/plugin/abi.hpp"
#include "core/plugin/channel/storage_request.hpp"
#include "core/plugin/remote/idle_work.hpp"
#include "core/plugin/remote/plugin_user.hpp"
#include "core/plugin/remote/remote_plugin.hpp"
#include "core/plugin/remote/restarts.hpp"
#include "core/plugin/remote/storage_service.hpp"
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
        options.accept_own_user = !as_others_;
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
    static std::uint32_t owner_of(const std::string& path) {
        struct stat info {};
        return ::stat(path.c_str(), &info) == 0 ? info.st_uid : 0;
    }
    // A note of the plugin's process has it.
    static bool notes(Collection& collection, const std::string& part) {
        const json::Value described = collection.process()->describe();
        for (const json::Value& note : described["notes"].as_array())
            if (has(note.as_string(), part)) return true;
        return false;
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
    bool as_others_ = false;  // who is root gives each plugin a user of its own

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

TEST_F(Remote, WhatIsCancelledAndSaysThatItGoesOnIsWaitedForUntilItsDeadline) {
    isolation_.grace = 1500ms;
    const auto unruly = open("unruly");
    const pid_t before = pid_of(*unruly);
    for (const auto timeout : {60'000ms, 10ms}) {
        CancelSource cancel;
        Call call;
        call.cancel = &cancel;
        call.timeout = timeout;
        call.progress = [&cancel](const Progress&) { cancel.cancel(); };
        unruly->apply("one", value(R"({"text":"go on"})"), false, call);
        EXPECT_EQ(error_of(*unruly, "fine"), "");
        EXPECT_EQ(pid_of(*unruly) == before, timeout > 1s);
    }
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

class RemoteUser : public Remote {
  protected:
    void SetUp() override {
        if (::geteuid() != 0) GTEST_SKIP() << "only root can become another user";
        as_others_ = true;
        data_dir_ = folder_.path() + "/data";
    }
    const evenkeel::test::TempFolder folder_;
};

TEST_F(RemoteUser, IsItsOwnThatKeepsItsFolderAndItsNumber) {
    // From when it ran in the agent's process.
    ASSERT_TRUE(make_folder(data_dir_ + "/unruly", 0700));
    ASSERT_TRUE(write_file(data_dir_ + "/unruly/kept", "", 0600));
    auto unruly = open("unruly");
    const auto greedy = open("greedy");
    ASSERT_TRUE(unruly && greedy);
    const std::uint32_t first = owner_of(data_dir_ + "/unruly");
    const std::uint32_t second = owner_of(data_dir_ + "/greedy");
    EXPECT_NE(first, second);
    for (const std::uint32_t uid : {first, second}) {
        EXPECT_GE(uid, PluginUser::kFirst);
        EXPECT_LE(uid, PluginUser::kLast);
    }
    EXPECT_EQ(unruly->process()->describe()["user"].as_integer(), std::int64_t{first});
    EXPECT_TRUE(has(error_of(*unruly, "who"), std::to_string(first) + ": "));
    EXPECT_TRUE(has(error_of(*greedy, "who"), std::to_string(second) + ": "));
    EXPECT_EQ(error_of(*unruly, "keep"), "");
    EXPECT_EQ(owner_of(data_dir_ + "/unruly/kept"), first);
    EXPECT_TRUE(has(error_of(*unruly, "file", folder_.path() + "/x"), "Permission denied"));
    unruly = open("unruly");
    EXPECT_TRUE(has(error_of(*unruly, "who"), std::to_string(first) + ": "));
}

TEST_F(RemoteUser, LeavesAFileAloneThatHasAnotherName) {
    const std::string others = folder_.path() + "/others";
    ASSERT_TRUE(write_file(others, "", 0600));
    ASSERT_TRUE(make_folder(data_dir_ + "/unruly", 0700));
    ASSERT_EQ(::link(others.c_str(), (data_dir_ + "/unruly/linked").c_str()), 0);
    ASSERT_EQ(::symlink(others.c_str(), (data_dir_ + "/unruly/kept").c_str()), 0);
    ASSERT_NE(open("unruly"), nullptr);
    EXPECT_EQ(owner_of(others), 0u);
}

TEST_F(RemoteUser, CannotSignalAnothersProcess) {
    const auto memory = open("memory");
    const auto greedy = open("greedy");
    ASSERT_TRUE(memory && greedy);
    const std::string other = std::to_string(pid_of(*memory));
    EXPECT_TRUE(has(error_of(*greedy, "signal", other), "signal: Operation not permitted"));
    EXPECT_EQ(error_of(*memory, "fine"), "");
}

TEST_F(RemoteUser, StartsNoMoreProcessesThanItsUserMayHave) {
    const auto greedy = open("greedy");
    const auto memory = open("memory");
    ASSERT_TRUE(memory && greedy);
    const std::string error = error_of(*greedy, "processes");
    EXPECT_TRUE(has(error, "fork: Resource temporarily unavailable")) << error;
    EXPECT_EQ(error_of(*memory, "fine"), "");
}

TEST_F(Remote, DoesNotSeeAsRootWhatIsHidden) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root stays root";
    const pid_t child = ::fork();
    if (child == 0) ::_exit(::unshare(CLONE_NEWNS) == 0 ? 0 : 1);
    int ended = 0;
    ::waitpid(child, &ended, 0);
    if (ended != 0) GTEST_SKIP() << "this container allows no mounts";
    const evenkeel::test::TempFolder folder;
    data_dir_ = folder.path() + "/data";
    isolation_.hidden = {data_dir_, folder.path() + "/absent"};
    const auto greedy = open("greedy");
    ASSERT_NE(greedy, nullptr);
    ASSERT_TRUE(write_file(data_dir_ + "/key", "secret", 0600));
    const std::string error = error_of(*greedy, "open", data_dir_ + "/key");
    EXPECT_TRUE(has(error, "open: No such file")) << error;
    // Its own folder lies there.
    ASSERT_TRUE(write_file(data_dir_ + "/greedy/own", "", 0600));
    EXPECT_EQ(error_of(*greedy, "open", data_dir_ + "/greedy/own"), "");
    EXPECT_FALSE(notes(*greedy, "may read"));
}

TEST_F(Remote, SaysWhatNothingKeepsItFromAndWhatItCannotDo) {
    const auto unruly = open("unruly");
    EXPECT_TRUE(notes(*unruly, "its manifest declares no permissions"));
    EXPECT_TRUE(notes(*unruly, "nothing bounds its processes"));
    const auto greedy = open("greedy");
    EXPECT_FALSE(notes(*greedy, "its manifest declares no permissions"));
}

TEST_F(Remote, OneThatWorksThoughNobodyCallsItIsEndedAndServesAgain) {
    isolation_.idle_work_most = 100ms;
    const auto greedy = open("greedy");
    ASSERT_NE(greedy, nullptr);
    const pid_t before = pid_of(*greedy);
    // So that it gets what it takes on a busy machine too, where this may be done.
    ::setpriority(PRIO_PGRP, static_cast<id_t>(before), -10);
    EXPECT_EQ(error_of(*greedy, "processor"), "");
    EXPECT_TRUE(evenkeel::test::wait_until([&] {
        greedy->process()->look();
        return has(greedy->process()->describe().string_or("last_end"), "kept a processor busy");
    }));
    EXPECT_EQ(error_of(*greedy, "fine"), "");
    EXPECT_NE(pid_of(*greedy), before);
}

TEST_F(Remote, AWatchThatDoesNotAnswerHoldsNoOtherUp) {
    const evenkeel::test::TempFolder folder;
    data_dir_ = folder.path() + "/data";
    RecordedHints hints;
    const auto greedy = open("greedy");
    const auto memory = open("memory");
    ASSERT_TRUE(greedy && memory);
    auto stuck = greedy->watch(hints.listener()).value();
    auto other = memory->watch(hints.listener()).value();
    std::atomic<bool> answered{false};
    std::thread asks([&] {
        EXPECT_TRUE(stuck->interest("stuck", true));
        answered = true;
    });
    EXPECT_TRUE(other->interest("a", true));
    EXPECT_FALSE(memory->invoke("a", "tamper", value(R"({"text":"b"})"), {}).error);
    EXPECT_TRUE(hints.wait_for_id("a"));
    EXPECT_FALSE(answered);
    EXPECT_TRUE(write_file(data_dir_ + "/greedy/go", "", 0644));
    asks.join();
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

TEST(IdleWork, IsTooMuchOnlyBetweenCallsAndInMostOfTheTime) {
    constexpr std::uint64_t kSecond = 1'000'000'000;
    IdleWork work(5s);
    work.call_ends(0, 0);
    EXPECT_EQ(work.excess(4 * kSecond, 4 * kSecond), 0u);
    EXPECT_EQ(work.excess(6 * kSecond, 6 * kSecond), 6 * kSecond);

    IdleWork calls(5s);
    calls.call_ends(0, 0);
    calls.call_begins(kSecond, 0);
    calls.call_begins(2 * kSecond, kSecond);
    calls.call_ends(3 * kSecond, 50 * kSecond);
    EXPECT_EQ(calls.excess(4 * kSecond, 60 * kSecond), 0u);
    calls.call_ends(60 * kSecond, 100 * kSecond);
    EXPECT_EQ(calls.excess(61 * kSecond, 100 * kSecond), 0u);
    // Often called, and busy in between: it adds up.
    for (std::uint64_t at = 61; at < 66; ++at) {
        calls.call_begins(at * kSecond, (at + 39) * kSecond);
        calls.call_ends(at * kSecond, (at + 39) * kSecond);
    }
    EXPECT_EQ(calls.excess(67 * kSecond, 106 * kSecond), 6 * kSecond);

    IdleWork little(5s);
    little.call_ends(0, 0);
    EXPECT_EQ(little.excess(100 * kSecond, 6 * kSecond), 0u);
    EXPECT_EQ(little.excess(104 * kSecond, 10 * kSecond), 0u);
}

class Stored : public testing::Test {
  protected:
    // Asks for a change, and waits until it is answered. False: it was no request.
    bool put(std::size_t key_length, std::size_t length) {
        const std::string key(key_length, 'k'), bytes(length, 'b');
        auto frame =
            frame_of(StorageRequest{1, StorageRequest::Operation::put, borrow(key), borrow(bytes)});
        constexpr std::size_t kHeader = 8;
        FrameReader reader(FrameKind::storage, frame.bytes().substr(kHeader));
        std::unique_lock lock(mutex_);
        const unsigned before = answers_;
        if (!service_.serve(reader)) return false;
        answered_.wait(lock, [&] { return answers_ != before; });
        return true;
    }

  private:
    static ek_status done(void*, ek_str, ek_str) { return EK_OK; }
    static const void* extension(void* ctx, const char*) {
        return &static_cast<Stored*>(ctx)->table_;
    }
    ek_storage table_{sizeof(ek_storage), 0, this, nullptr, done, nullptr};
    ek_host host_{sizeof(ek_host), 0, this, {}, {}, {}, nullptr, extension};
    std::mutex mutex_;
    std::condition_variable answered_;
    unsigned answers_ = 0;
    StorageService service_{host_, [this](const FrameWriter&) {
                                const std::lock_guard lock(mutex_);
                                ++answers_;
                                answered_.notify_all();
                            }};
};

TEST_F(Stored, WhatIsTooLongIsNoRequest) {
    EXPECT_TRUE(put(EK_STORAGE_KEY_MAX, EK_STORAGE_VALUE_MAX));
    EXPECT_FALSE(put(EK_STORAGE_KEY_MAX + 1, 1));
    EXPECT_FALSE(put(1, EK_STORAGE_VALUE_MAX + 1));
}

TEST_F(Stored, ManyChangesAreServedSlowly) {
    constexpr int kMore = 6;
    const std::uint64_t began = now_monotonic_ns();
    for (unsigned i = 0; i < StorageService::kFree + kMore; ++i) ASSERT_TRUE(put(1, 1));
    const std::chrono::nanoseconds took(now_monotonic_ns() - began);
    EXPECT_GE(took, (kMore - 1) * StorageService::kPause);
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
