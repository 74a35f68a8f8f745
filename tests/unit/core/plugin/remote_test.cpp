#include "tests/unit/core/plugin/remote.hpp"

#include <csignal>
#include <thread>

#include "core/plugin/remote/restarts.hpp"

// What no plugin in a process of its own can do to its host. That they do all that they do in the
// host's process is shown by the other tests, which run both ways.
namespace evenkeel::plugin {
namespace {

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
    isolation_.grace = 200ms;  // for which it goes on to print
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
#ifdef __SANITIZE_THREAD__  // which keeps four bytes and more for each
    (void)before;
#else
    // The message itself has 40 MB, and its buffer grew to it.
    EXPECT_LT(peak_memory() - before, 150u << 10) << "KiB";
#endif
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

TEST_F(Remote, EndsWithItsLastUser) {
    auto memory = open("memory");
    const pid_t pid = pid_of(*memory);
    ASSERT_EQ(::kill(pid, 0), 0);
    memory.reset();
    EXPECT_TRUE(evenkeel::test::wait_until([&] { return ::kill(pid, 0) != 0; }));
}

// Calls come over whatever connection is free, each of which has a thread in the process. Only a
// sanitizer that looks for races says so, on what the process prints.
TEST_F(Remote, WhatOneOfItsThreadsDoesTheNextOneSees) {
    testing::internal::CaptureStderr();
    {
        const auto memory = open("memory");
        ASSERT_NE(memory, nullptr);
        EXPECT_EQ(error_of(*memory, "first"), "");
        const auto child = memory->process()->process({}).value();
        auto taken = child->take_channel().value();
        EXPECT_EQ(error_of(*memory, "second"), "");
        child->give_back(std::move(taken));
        EXPECT_EQ(error_of(*memory, "third"), "");
        child->kill("it has printed what it had to");
        child->how();
    }
    const std::string printed = testing::internal::GetCapturedStderr();
    EXPECT_FALSE(has(printed, "ThreadSanitizer")) << printed;
}

}  // namespace
}  // namespace evenkeel::plugin
