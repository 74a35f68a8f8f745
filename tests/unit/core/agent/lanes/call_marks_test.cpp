#include "core/agent/lanes/call_marks.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/core/temp_folder.hpp"

namespace evenkeel::agent {
namespace {

// Ends a process in a call of `collection`, by the signal.
void end_in_call(const std::string& folder, const std::string& collection, int with) {
    const pid_t child = fork();
    if (child == 0) {
        CallMark::note_crashes();
        auto mark = CallMark::open(folder + "/" + collection);
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
    EXPECT_EQ(lost[0].collection, "files");
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

TEST(CallMarks, ASecondLanesCallIsItsCollectionsToo) {
    test::TempFolder folder;
    end_in_call(folder.path(), "services+", SIGABRT);
    const auto lost = take_lost_calls(folder.path());
    ASSERT_EQ(lost.size(), 1U);
    EXPECT_EQ(lost[0].collection, "services");
    EXPECT_TRUE(lost[0].guilty());
}

TEST(CallMarks, ACallThatComesBackClearsTheCount) {
    test::TempFolder folder;
    end_in_call(folder.path(), "files", SIGKILL);
    take_lost_calls(folder.path());
    {
        auto mark = CallMark::open(folder / "files");
        ASSERT_TRUE(mark);
        (*mark)->begin("read");
        (*mark)->end();
    }
    EXPECT_TRUE(take_lost_calls(folder.path()).empty());
    end_in_call(folder.path(), "files", SIGKILL);
    const auto lost = take_lost_calls(folder.path());
    ASSERT_EQ(lost.size(), 1U);
    EXPECT_EQ(lost[0].endings, 1U);
}

}  // namespace
}  // namespace evenkeel::agent
