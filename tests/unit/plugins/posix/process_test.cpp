#include "plugins/posix/process.hpp"

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/support/wait.hpp"
#include "tests/unit/core/temp_folder.hpp"
#include "tests/unit/plugins/call_frame.hpp"

namespace evenkeel::posix {
namespace {

using std::chrono::milliseconds;
using test::CallFrame;
using test::failure_of;

Command script(const std::string& text) {
    return {{"/bin/sh", "-c", text}};
}

// Gone, or a zombie that nobody has reaped yet.
bool has_ended(const std::string& pid) {
    std::ifstream status("/proc/" + pid + "/status");
    for (std::string line; std::getline(status, line);)
        if (line.rfind("State:", 0) == 0) return line.find('Z') != line.npos;
    return true;
}

std::string output_of(const Command& command) {
    return run(CallFrame().call(), command).output;
}

TEST(AProcess, HandsBackItsExitCodeOrSignalAndItsOutput) {
    const CallFrame frame;
    const ProcessResult result = run(frame.call(), script("echo out; echo err >&2; exit 7"));
    EXPECT_EQ(result.exit_code, 7);
    EXPECT_EQ(result.output, "out\nerr\n");
    EXPECT_EQ(run(frame.call(), script("kill -9 $$")).exit_code, 128 + SIGKILL);
}

TEST(AProcess, ReadsItsInputAndTakesArgumentsAsTheyAre) {
    Command cat{{"/bin/cat"}};
    EXPECT_EQ(output_of(cat), "");
    cat.input = "alice:$y$hash\n";
    EXPECT_EQ(output_of(cat), "alice:$y$hash\n");
    EXPECT_EQ(output_of({{"/usr/bin/printf", "%s|", "$(id)", "a b", ""}}), "$(id)|a b||");
}

TEST(AProcess, InheritsNeitherEnvironmentNorFolderNorDescriptorsNorSignals) {
    ::setenv("EVENKEEL_LEAK", "1", 1);
    const int leak = ::open("/etc/passwd", O_RDONLY);
    auto* const before = std::signal(SIGPIPE, SIG_IGN);
    EXPECT_EQ(output_of({{"/usr/bin/env"}}), "PATH=/usr/sbin:/usr/bin:/sbin:/bin\nLC_ALL=C\n");
    EXPECT_EQ(output_of({{"/usr/bin/env"}, {"A=b"}}), "A=b\n");
    EXPECT_EQ(output_of(script("pwd; ls /proc/$$/fd")), "/\n0\n1\n2\n");
    Command with_status = script("ls /proc/$$/fd");
    with_status.status_fd = true;
    EXPECT_EQ(output_of(with_status), "0\n1\n2\n3\n");
    // Of the signals that programs use; the C library keeps two above them to itself.
    EXPECT_TRUE(output_of(script("grep SigIgn /proc/self/status")).ends_with("0000000\n"));
    std::signal(SIGPIPE, before);
    ::close(leak);
}

TEST(AProcess, ThatDoesNotExistIsUnavailable) {
    EXPECT_EQ(failure_of([] { output_of({{"/usr/sbin/no-such"}}); }),
              std::to_string(EK_E_UNAVAILABLE) + " : there is no /usr/sbin/no-such");
}

TEST(AProcess, IsFollowedWhileItRuns) {
    const test::TempFolder folder;
    const std::string go = folder / "go";
    Command command = script("echo one; echo 1 >&3; while [ ! -e " + go +
                             " ]; do sleep 0.02; done; echo two; echo 2 >&3");
    command.status_fd = true;
    Process process(command);
    std::string output, reports;
    while (output != "one\n" || reports != "1\n") {
        ASSERT_FALSE(process.wait(5));
        output += process.new_output();
        reports += process.new_status_reports();
    }
    EXPECT_EQ(process.new_output(), "");
    ::close(::creat(go.c_str(), 0600));
    while (!process.wait(-1)) continue;
    EXPECT_EQ(process.new_output(), "two\n");
    EXPECT_EQ(process.new_status_reports(), "2\n");
    EXPECT_EQ(process.output_begin(5), "one\nt");
    EXPECT_EQ(process.output_end(5), "\ntwo\n");
}

TEST(AProcess, IsEndedAtTheDeadlineWithAllOfItsGroup) {
    const test::TempFolder folder;
    const std::string pid = folder / "pid";
    const CallFrame frame(0, milliseconds(200));
    EXPECT_EQ(failure_of([&] {
                  run(frame.call(), script("trap '' TERM; sleep 600 & echo $! >" + pid +
                                           "; while :; do sleep 600; done"));
              }).substr(0, 1),
              std::to_string(EK_E_TIMEOUT));
    std::string number;
    std::getline(std::ifstream(pid), number);
    EXPECT_TRUE(test::wait_until([&] { return has_ended(number); })) << number;
}

TEST(AProcess, IsEndedWhenTheCallIsCancelled) {
    const test::TempFolder folder;
    const std::string begun = folder / "begun";
    const CallFrame frame(0, std::chrono::minutes(5));
    std::thread canceller([&] {
        EXPECT_TRUE(test::appears(begun));
        frame.cancel();
    });
    EXPECT_EQ(failure_of([&] {
                  run(frame.call(), script("touch " + begun + "; exec sleep 600"));
              }).substr(0, 1),
              std::to_string(EK_E_CANCELLED));
    canceller.join();
    EXPECT_EQ(
        failure_of([&] { run(frame.call(), script("touch " + (folder / "x"))); }).substr(0, 1),
        std::to_string(EK_E_CANCELLED));
    EXPECT_NE(::access((folder / "x").c_str(), F_OK), 0);
}

TEST(AProcess, MayFinishWithinTheGraceAfterACancellation) {
    const test::TempFolder folder;
    const std::string begun = folder / "begun", go = folder / "go";
    const CallFrame frame;
    std::thread canceller([&] {
        EXPECT_TRUE(test::appears(begun));
        frame.cancel();
        ::close(::creat(go.c_str(), 0600));
    });
    const Command command =
        script("touch " + begun + "; while [ ! -e " + go + " ]; do sleep 0.02; done; echo done");
    EXPECT_EQ(run(frame.call(), command, {60'000}).output, "done\n");
    canceller.join();
}

TEST(AProcess, IsEndedWithItsChildrenWhenItsOwnTimeIsOver) {
    const CallFrame frame;
    RunOptions options;
    options.limit_ms = 300;
    const ProcessResult result = run(frame.call(), script("sleep 600 & echo $!; wait"), options);
    EXPECT_EQ(result.exit_code, -1);
    const std::string child = result.output.substr(0, result.output.find('\n'));
    EXPECT_TRUE(child.empty() || test::wait_until([&] { return has_ended(child); }));
    options.limit_ms = 60'000;
    EXPECT_EQ(run(frame.call(), script("exit 4"), options).exit_code, 4);
}

TEST(AProcess, ThatLeavesAnotherBehindIsNotWaitedForLonger) {
    const CallFrame frame;
    const std::string output = run(frame.call(), script("sleep 600 & echo $!")).output;
    EXPECT_EQ(::kill(std::stoi(output), SIGKILL), 0) << "it still ran";
}

TEST(AProcess, HandsOutWhatCameSinceTheLastTimeAndErrorsApart) {
    Command command = script("head -c 8000000 /dev/zero; echo oops >&2");
    command.keeps_errors_apart = true;
    Process process(command);
    while (!process.wait(-1)) continue;
    EXPECT_EQ(process.pending_bytes(), 8000005);
    std::size_t bytes = 0;
    for (std::string piece; !(piece = process.take_output(1'000'000)).empty();)
        bytes += piece.size();
    EXPECT_EQ(bytes, 8000000u);
    EXPECT_EQ(process.take_errors(100), "oops\n");
    EXPECT_EQ(process.pending_bytes(), 0);
}

TEST(AProcess, IsReadUpToTheLimitAndEndedWhenItWritesWithoutEnd) {
    const CallFrame frame(0, std::chrono::minutes(5));
    EXPECT_EQ(run(frame.call(), {{"/usr/bin/head", "-c", "1000000", "/dev/zero"}}, {0, 4096})
                  .output.size(),
              4096u);
    EXPECT_EQ(failure_of([&] {
                  run(frame.call(), {{"/bin/cat", "/dev/zero"}});
              }),
              std::to_string(EK_E_INTERNAL) + " : a program wrote more than 64 MiB and was ended");
}

}  // namespace
}  // namespace evenkeel::posix
