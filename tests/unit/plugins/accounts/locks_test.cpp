#include "plugins/accounts/locks.hpp"

#include <fstream>
#include <thread>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include "tests/support/wait.hpp"
#include "tests/unit/core/temp_folder.hpp"
#include "tests/unit/plugins/call_frame.hpp"

namespace evenkeel::accounts {
namespace {

using test::CallFrame;
using test::failure_of;

using std::chrono::milliseconds;

class Locks : public testing::Test {
  protected:
    std::string path(const char* name) const { return folder_ / name; }
    void lock(const char* name, const std::string& pid) { std::ofstream(path(name)) << pid; }

    void wait(const CallFrame& frame) const {
        const sdk::Call call = frame.call();
        WaitBudget(call).wait_for_locks(etc_);
    }

    test::TempFolder folder_;
    const std::string etc_ = folder_.path();
};

TEST_F(Locks, AreNobodysAtFirst) {
    EXPECT_EQ(lock_holder(etc_), std::nullopt);
}

TEST_F(Locks, NameTheProcessThatHoldsOne) {
    for (const char* name : {"passwd.lock", "shadow.lock", "group.lock", "gshadow.lock"}) {
        lock(name, std::to_string(::getpid()) + '\0');
        EXPECT_EQ(lock_holder(etc_),
                  "process " + std::to_string(::getpid()) + " holds " + path(name));
        ::unlink(path(name).c_str());
    }
    for (const char* text : {"nonsense", "", "2147483646\n", "-1"}) {
        lock("group.lock", text);
        EXPECT_EQ(lock_holder(etc_), "somebody holds " + path("group.lock")) << text;
    }
}

TEST_F(Locks, OfAProcessThatIsGoneHoldNobodyUp) {
    const pid_t gone = ::fork();
    if (gone == 0) ::_exit(0);
    ::waitpid(gone, nullptr, 0);
    lock("passwd.lock", std::to_string(gone));
    EXPECT_EQ(lock_holder(etc_), std::nullopt);
}

TEST_F(Locks, OfLckpwdfAreSeenWhileTheyAreHeld) {
    int ready[2], done[2];
    ASSERT_EQ(::pipe(ready) + ::pipe(done), 0);
    const pid_t holder = ::fork();
    if (holder == 0) {
        const int fd = ::open(path(".pwd.lock").c_str(), O_WRONLY | O_CREAT, 0600);
        struct flock whole {};
        whole.l_type = F_WRLCK;
        char byte = ::fcntl(fd, F_SETLK, &whole) == 0 ? 'y' : 'n';
        ::_exit(::write(ready[1], &byte, 1) == 1 && ::read(done[0], &byte, 1) == 1 ? 0 : 1);
    }
    char byte = 0;
    ASSERT_EQ(::read(ready[0], &byte, 1), 1);
    EXPECT_EQ(lock_holder(etc_),
              "process " + std::to_string(holder) + " holds " + path(".pwd.lock"));
    ASSERT_EQ(::write(done[1], "x", 1), 1);
    ::waitpid(holder, nullptr, 0);
    EXPECT_EQ(lock_holder(etc_), std::nullopt);
    for (const int fd : {ready[0], ready[1], done[0], done[1]}) ::close(fd);
}

TEST_F(Locks, AreWaitedForUntilTheyAreGone) {
    lock("passwd.lock", std::to_string(::getpid()));
    std::thread releaser([&, waits = ::gettid()] {
        EXPECT_TRUE(test::falls_asleep(waits));
        ::unlink(path("passwd.lock").c_str());
    });
    const CallFrame frame;
    EXPECT_EQ(failure_of([&] { wait(frame); }), "");
    releaser.join();
}

TEST_F(Locks, ThatStayMakeTheCallBusyBeforeItsDeadline) {
    lock("passwd.lock", std::to_string(::getpid()));
    const CallFrame frame(0, milliseconds(4000));
    const std::uint64_t begin = sdk::now_ns();
    EXPECT_EQ(failure_of([&] { wait(frame); }), std::to_string(EK_E_BUSY) + " : process " +
                                                    std::to_string(::getpid()) + " holds " +
                                                    path("passwd.lock"));
    EXPECT_GT(sdk::now_ns() - begin, 1'000'000'000u);
}

TEST_F(Locks, AreNoLongerWaitedForOnceCancelled) {
    lock("passwd.lock", std::to_string(::getpid()));
    const CallFrame frame;
    frame.cancel();
    EXPECT_EQ(failure_of([&] { wait(frame); }).substr(0, 1), std::to_string(EK_E_CANCELLED));
}

}  // namespace
}  // namespace evenkeel::accounts
