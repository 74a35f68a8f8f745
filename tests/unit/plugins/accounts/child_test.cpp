#include "plugins/accounts/child.hpp"

#include <csignal>
#include <thread>

#include <fcntl.h>
#include <gtest/gtest.h>

#include "tests/unit/plugins/accounts/call_frame.hpp"

namespace evenkeel::accounts {
namespace {

using std::chrono::milliseconds;

Ended sh(const std::string& script, const CallFrame& frame, std::string_view input = "") {
    return run_child("/bin/sh", {"-c", script}, input, frame.call());
}

TEST(Child, TellsItsExitCodeItsSignalAndItsWords) {
    const CallFrame frame;
    const Ended ended = sh("echo out; echo err >&2; exit 7", frame);
    EXPECT_EQ(ended.code, 7);
    EXPECT_EQ(ended.output, "out\nerr\n");
    EXPECT_EQ(sh("kill -9 $$", frame).code, 128 + SIGKILL);
}

TEST(Child, ReadsItsInputAndTakesArgumentsAsTheyAre) {
    const CallFrame frame;
    EXPECT_EQ(sh("cat", frame, "alice:$y$hash\n").output, "alice:$y$hash\n");
    EXPECT_EQ(run_child("/usr/bin/printf", {"%s|", "$(id)", "a b", ""}, "", frame.call()).output,
              "$(id)|a b||");
}

TEST(Child, InheritsNeitherEnvironmentNorDescriptorsNorSignals) {
    const CallFrame frame;
    ::setenv("EVENKEEL_LEAK", "1", 1);
    const int leak = ::open("/etc/passwd", O_RDONLY);
    auto* const before = std::signal(SIGPIPE, SIG_IGN);
    EXPECT_EQ(run_child("/usr/bin/env", {}, "", frame.call()).output,
              "PATH=/usr/sbin:/usr/bin:/sbin:/bin\nLC_ALL=C\n");
    EXPECT_EQ(sh("ls /proc/self/fd | wc -l", frame).output, "4\n");  // three and ls's own
    // Of the signals that programs use; the C library keeps two above them to itself.
    EXPECT_TRUE(sh("grep SigIgn /proc/self/status", frame).output.ends_with("0000000\n"));
    std::signal(SIGPIPE, before);
    ::close(leak);
}

TEST(Child, IsEndedAtTheDeadline) {
    const CallFrame frame(0, milliseconds(200));
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(failure_of([&] { sh("trap '' TERM; sleep 30; sleep 30", frame); }).substr(0, 1),
              std::to_string(EK_E_TIMEOUT));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
}

TEST(Child, MayFinishAfterACancellationThatIsNotFollowedByTheDeadline) {
    const CallFrame frame;
    std::thread canceller([&] {
        std::this_thread::sleep_for(milliseconds(50));
        frame.cancel();
    });
    EXPECT_EQ(sh("sleep 0.2; echo done", frame).output, "done\n");
    canceller.join();
    EXPECT_EQ(failure_of([&] { sh("true", frame); }).substr(0, 1), std::to_string(EK_E_CANCELLED));
}

TEST(Child, OfALeftOverHelperIsNotWaitedFor) {
    const CallFrame frame;
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(sh("sleep 8 & echo started", frame).output, "started\n");
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
}

TEST(Child, ThatTalksEndlesslyIsCutShort) {
    const CallFrame frame;
    EXPECT_EQ(sh("head -c 1000000 /dev/zero", frame).output.size(), 4096u);
}

TEST(Child, ThatDoesNotExistIsUnavailable) {
    const CallFrame frame;
    EXPECT_EQ(failure_of([&] { run_child("/usr/sbin/no-such", {}, "", frame.call()); }),
              std::to_string(EK_E_UNAVAILABLE) + " : there is no /usr/sbin/no-such");
}

}  // namespace
}  // namespace evenkeel::accounts
