#include "plugins/packages/transaction.hpp"

#include <cstdlib>
#include <fstream>

#include <gtest/gtest.h>

#include "plugins/packages/apt/progress.hpp"
#include "plugins/packages/apt/watch.hpp"
#include "plugins/packages/command.hpp"
#include "tests/support/wait.hpp"
#include "tests/unit/core/temp_folder.hpp"
#include "tests/unit/plugins/call_frame.hpp"

namespace evenkeel::packages {
namespace {

using test::CallFrame;
using test::failure_of;

// What stands for apt-get here: a script that does as told.
posix::Command reporting(const std::string& text) {
    posix::Command script = manager_command({"/bin/sh", "-c", text});
    script.status_fd = true;
    return script;
}

TEST(PackagesCommand, HasACleanEnvironmentThatAsksNoQuestions) {
    ::setenv("LC_MESSAGES", "de_DE.UTF-8", 1);
    ::setenv("https_proxy", "http://proxy", 1);
    const posix::Command script = manager_command(
        {"/bin/sh", "-c", "echo $LC_ALL $DEBIAN_FRONTEND $LC_MESSAGES $https_proxy $EXTRA"},
        {"EXTRA=extra"});
    EXPECT_EQ(posix::run(CallFrame().call(), script).output,
              "C noninteractive http://proxy extra\n");
    ::unsetenv("https_proxy");
}

class PackagesTransaction : public testing::Test {
  protected:
    std::string at(const char* name) const { return folder_ / name; }

    test::TempFolder folder_;
    Transactions transactions_{dpkg_lock_holder(folder_.path()), "dpkg"};
};

TEST_F(PackagesTransaction, TellsItsProgress) {
    CallFrame call;
    const posix::ProcessResult ran = transactions_.run(
        call.call(),
        reporting("printf 'dlstatus:1:20.5:Retrieving file 1\\npmstatus:libc6:i386:42.0:Unpacking "
                  "libc6:i386\\npmerror:x:50.0:bad\\npm' >&3; echo said; exit 100"),
        follow_apt());
    EXPECT_EQ(ran.exit_code, 100);
    EXPECT_EQ(ran.output, "said\n");
    EXPECT_EQ(call.progress, "205 Retrieving file 1;420 Unpacking libc6:i386;");
}

TEST_F(PackagesTransaction, EndsWhenCancelledBeforeDpkgHasBegun) {
    CallFrame call;
    call.cancel();
    EXPECT_EQ(
        failure_of(
            [&] { transactions_.run(call.call(), reporting("touch " + at("x")), follow_apt()); },
            EK_E_CANCELLED),
        "the call was cancelled");
    EXPECT_NE(::access(at("x").c_str(), F_OK), 0);
}

TEST_F(PackagesTransaction, IsDoneWhenDpkgBeginsInTheMomentOfTheCancel) {
    // As apt does, it leaves the signal alone, and tells later that dpkg runs.
    for (const char* rest : {"exit 100", "sleep 0.5; exit 100"}) {
        CallFrame call(0, std::chrono::seconds(60));
        call.on_progress = [&] { call.cancel(); };
        const posix::ProcessResult ran = transactions_.run(
            call.call(),
            reporting(std::string("trap 'begun=1' INT; echo dlstatus:1:1.0:fetches >&3; while [ "
                                  "-z $begun ]; do sleep 0.02; done; sleep 1.2; "
                                  "echo pmstatus:x:50.0:begins >&3; ") +
                      rest),
            follow_apt());
        EXPECT_EQ(ran.exit_code, 100) << rest;
        EXPECT_EQ(call.progress, "10 fetches;500 begins;") << rest;
    }
}

TEST_F(PackagesTransaction, GoesOnPastCancelAndDeadlineOnceDpkgHasBegun) {
    CallFrame call(0, std::chrono::seconds(3));
    call.on_progress = [&] { call.cancel(); };
    const std::string text = "echo pmstatus:x:1.0:begins >&3; n=0; while [ ! -e " + at("go") +
                             " ] && [ $n -lt 600 ]; do sleep 0.05; n=$((n+1)); done; touch " +
                             at("done");
    const auto begin = sdk::now_ns();
    EXPECT_NE(failure_of([&] { transactions_.run(call.call(), reporting(text), follow_apt()); },
                         EK_E_TIMEOUT)
                  .find("it goes on by itself"),
              std::string::npos);
    EXPECT_EQ(call.progress, "10 begins;");
    EXPECT_GE(sdk::now_ns() - begin, 2'000'000'000u) << "the deadline is waited for";
    EXPECT_NE(::access(at("done").c_str(), F_OK), 0);
    std::ofstream(at("go")).flush();
    EXPECT_TRUE(test::appears(at("done"))) << "nobody has killed it";
}

}  // namespace
}  // namespace evenkeel::packages
