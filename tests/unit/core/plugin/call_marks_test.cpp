#include "core/plugin/call_marks.hpp"

#include <cstdlib>

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/core/temp_folder.hpp"

namespace evenkeel::plugin {
namespace {

// Ends a process in a call of `collection`, by the signal.
void end_in_call(const std::string& folder, const std::string& collection, int with) {
    const pid_t child = fork();
    if (child == 0) {
        signal(with, SIG_DFL);  // a sanitizer has a handler of its own
        CallMark::note_ends();
        auto mark = CallMark::open(folder + "/" + collection, "files 1.0.0");
        (*mark)->begin("apply of /etc/motd");
        kill(getpid(), with);
        for (;;) pause();
    }
    int status = 0;
    waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status));
}

TEST(CallMarks, ACrashInACallIsThePluginsAtOnce) {
    test::TempFolder folder;
    end_in_call(folder.path(), "files", SIGABRT);
    const auto lost = take_lost_calls(folder.path());
    ASSERT_EQ(lost.size(), 1U);
    EXPECT_EQ(lost[0].file, "files");
    EXPECT_EQ(lost[0].what, "apply of /etc/motd");
    EXPECT_EQ(lost[0].signal, SIGABRT);
    EXPECT_TRUE(lost[0].guilty());
    EXPECT_TRUE(take_lost_calls(folder.path()).empty());
}

TEST(CallMarks, AnEndFromOutsideCountsOnlyWhenItHappensAgainAndAgain) {
    test::TempFolder folder;
    for (unsigned time = 1; time <= 3; ++time) {
        end_in_call(folder.path(), "files", SIGKILL);
        const auto lost = take_lost_calls(folder.path());
        ASSERT_EQ(lost.size(), 1U);
        EXPECT_EQ(lost[0].endings, time);
        EXPECT_EQ(lost[0].guilty(), time == 3);
    }
}

TEST(CallMarks, ASecondLaneHasAMarkOfItsOwn) {
    test::TempFolder folder;
    end_in_call(folder.path(), "services+", SIGABRT);
    const auto lost = take_lost_calls(folder.path());
    ASSERT_EQ(lost.size(), 1U);
    EXPECT_EQ(lost[0].file, "services+");
    EXPECT_TRUE(lost[0].guilty());
}

TEST(CallMarks, TheCallThatComesBackClearsTheCountAndNoOther) {
    test::TempFolder folder;
    const auto come_back = [&](const char* from) {
        auto mark = CallMark::open(folder / "files", "files 1.0.0");
        ASSERT_TRUE(mark);
        (*mark)->begin(from);
        (*mark)->end();
    };
    const auto endings_after = [&](const char* call) {
        end_in_call(folder.path(), "files", SIGKILL);
        take_lost_calls(folder.path());
        come_back(call);
        end_in_call(folder.path(), "files", SIGKILL);
        const auto lost = take_lost_calls(folder.path());
        return lost.size() == 1 ? lost[0].endings : 0;
    };
    // The watch is opened before each check: it says nothing of the check that ends the process.
    EXPECT_EQ(endings_after("opening of the watch"), 2U);
    EXPECT_EQ(endings_after("apply of /etc/motd"), 1U);
}

TEST(CallMarks, AnEndInNoCallClearsTheCount) {
    test::TempFolder folder;
    end_in_call(folder.path(), "files", SIGKILL);
    EXPECT_EQ(take_lost_calls(folder.path()).size(), 1U);
    EXPECT_TRUE(take_lost_calls(folder.path()).empty());
    end_in_call(folder.path(), "files", SIGKILL);
    EXPECT_EQ(take_lost_calls(folder.path()).front().endings, 1U);
}

TEST(CallMarks, OthersThatWereUnderWayAreNotBlamedForACrash) {
    test::TempFolder folder;
    for (int time = 0; time < 3; ++time) {
        auto innocent = CallMark::open(folder / "files", "files 1.0.0");
        ASSERT_TRUE(innocent);
        (*innocent)->begin("read");
        end_in_call(folder.path(), "services", SIGSEGV);
        const auto lost = take_lost_calls(folder.path());
        ASSERT_EQ(lost.size(), 1U);
        EXPECT_EQ(lost[0].file, "services");
    }
    EXPECT_TRUE(take_lost_calls(folder.path()).empty());
}

TEST(CallMarks, AnExitInACallEndsTheProcessWithAFailureAndIsKnown) {
    test::TempFolder folder;
    if (fork() == 0) {
        CallMark::note_ends();
        auto mark = CallMark::open(folder / "files", "files 1.0.0");
        (*mark)->begin("check of /etc/motd");
        std::exit(0);
    }
    int status = 0;
    wait(&status);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 1) << status;
    const auto lost = lost_calls(folder.path());
    ASSERT_EQ(lost.size(), 1U);
    EXPECT_EQ(lost[0].cause, LostCall::Cause::exit);
    EXPECT_EQ(sentence_of(lost[0]),
              "the agent was ended by exit() in the check of /etc/motd, a call of the plugin "
              "files 1.0.0");
    EXPECT_FALSE(lost[0].guilty());
}

TEST(CallMarks, AProgramThatIsForkedOfThePluginIsNotTheCall) {
    test::TempFolder folder;
    CallMark::note_ends();
    auto mark = CallMark::open(folder / "files", "files 1.0.0");
    ASSERT_TRUE(mark);
    (*mark)->begin("check of /etc/motd");
    if (fork() == 0) abort();
    wait(nullptr);
    (*mark)->end();
    EXPECT_TRUE(lost_calls(folder.path()).empty());
}

}  // namespace
}  // namespace evenkeel::plugin
