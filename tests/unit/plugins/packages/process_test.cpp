#include "plugins/packages/process.hpp"

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <thread>

#include <gtest/gtest.h>

#include "plugins/packages/apt/progress.hpp"
#include "plugins/packages/apt/watch.hpp"
#include "plugins/packages/transaction.hpp"
#include "tests/unit/core/temp_folder.hpp"
#include "tests/unit/plugins/packages/call.hpp"

namespace evenkeel::packages {
namespace {

// What stands for apt-get here: a script that does as told.
Command script(const std::string& text) {
    return {{"/bin/sh", "-c", text}, {}, false};
}

Command reporting(const std::string& text) {
    return {{"/bin/sh", "-c", text}, {}, true};
}

bool appears(const std::string& path) {
    for (int tries = 0; tries < 500; ++tries) {
        if (::access(path.c_str(), F_OK) == 0) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return false;
}

TEST(PackagesProcess, HandsBackExitCodeAndOutput) {
    const Ran ran = run_reader(TestCall().call(), script("echo out; echo err >&2; exit 3"));
    EXPECT_EQ(ran.status, 3);
    EXPECT_EQ(ran.output, "out\nerr\n");
    EXPECT_EQ(run_reader(TestCall().call(), script("kill -9 $$")).status, 128 + SIGKILL);
}

TEST(PackagesProcess, GivesACleanEnvironmentAndNoDescriptors) {
    ::setenv("LC_MESSAGES", "de_DE.UTF-8", 1);
    const Ran ran =
        run_reader(TestCall().call(), script("echo $LC_ALL $DEBIAN_FRONTEND $LC_MESSAGES; pwd; "
                                             "read x; echo [$x]; ls /proc/$$/fd; exit 0"));
    EXPECT_EQ(ran.output, "C noninteractive\n/\n[]\n0\n1\n2\n");
}

TEST(PackagesProcess, AReaderIsKilledWhenLateOrCancelled) {
    TestCall late(std::chrono::milliseconds(100));
    EXPECT_EQ(failure_of([&] { run_reader(late.call(), script("exec sleep 60")); }, EK_E_TIMEOUT),
              "the deadline of the call has passed");
    TestCall cancelled;
    cancelled.cancel();
    EXPECT_EQ(
        failure_of([&] { run_reader(cancelled.call(), script("exec sleep 60")); }, EK_E_CANCELLED),
        "the call was cancelled");
}

TEST(PackagesProcess, SaysWhatCannotBeStarted) {
    EXPECT_EQ(failure_of([] { run_reader(TestCall().call(), {{"/no/program"}}); }, EK_E_NOT_FOUND),
              "cannot start /no/program: No such file or directory");
}

class PackagesTransaction : public testing::Test {
  protected:
    std::string at(const char* name) const { return folder_ / name; }

    test::TempFolder folder_;
    Transactions transactions_{dpkg_at_work(folder_.path()), "dpkg"};
};

TEST_F(PackagesTransaction, TellsItsProgress) {
    TestCall call;
    const Ran ran = transactions_.run(
        call.call(),
        reporting("printf 'dlstatus:1:20.5:Retrieving file 1\\npmstatus:libc6:i386:42.0:Unpacking "
                  "libc6:i386\\npmerror:x:50.0:bad\\npm' >&3; echo said; exit 100"),
        follow_apt());
    EXPECT_EQ(ran.status, 100);
    EXPECT_EQ(ran.output, "said\n");
    EXPECT_EQ(call.told, "205 Retrieving file 1;420 Unpacking libc6:i386;");
}

TEST_F(PackagesTransaction, EndsWhenCancelledBeforeDpkgHasBegun) {
    TestCall call;
    call.cancel();
    EXPECT_EQ(
        failure_of(
            [&] { transactions_.run(call.call(), reporting("touch " + at("x")), follow_apt()); },
            EK_E_CANCELLED),
        "the call was cancelled");
    EXPECT_NE(::access(at("x").c_str(), F_OK), 0);
}

TEST_F(PackagesTransaction, GoesOnPastCancelAndDeadlineOnceDpkgHasBegun) {
    TestCall call(std::chrono::milliseconds(600));
    std::thread canceller([&] {
        appears(at("begun"));
        call.cancel();
    });
    const std::string text =
        "echo pmstatus:x:1.0:begins >&3; sleep 0.2; touch " + at("begun") + "; n=0; while [ ! -e " +
        at("go") + " ] && [ $n -lt 600 ]; do sleep 0.05; n=$((n+1)); done; touch " + at("done");
    const auto begin = sdk::now_ns();
    EXPECT_NE(failure_of([&] { transactions_.run(call.call(), reporting(text), follow_apt()); },
                         EK_E_TIMEOUT)
                  .find("it goes on by itself"),
              std::string::npos);
    canceller.join();
    EXPECT_GE(sdk::now_ns() - begin, 550'000'000u) << "the deadline is waited for";
    EXPECT_NE(::access(at("done").c_str(), F_OK), 0);
    std::ofstream(at("go")).flush();
    EXPECT_TRUE(appears(at("done"))) << "nobody has killed it";
}

}  // namespace
}  // namespace evenkeel::packages
