#include <filesystem>
#include <string>

#include <evenkeel/cpp/failure.hpp>
#include <evenkeel/cpp/fd.hpp>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/inotify.h>
#include <sys/wait.h>
#include <unistd.h>

#include "plugins/posix/watch_tree.hpp"
#include "tests/unit/core/temp_folder.hpp"

namespace evenkeel::posix {
namespace {

// What the child tells by its exit code.
enum Outcome { kRefusedOneOnly = 0, kSkipped = 1, kWatchedAll = 2, kRefusedTooMuch = 3 };

// In a user namespace of its own the limit on watches can be made small.
bool leave_few_watches() {
    if (::unshare(CLONE_NEWUSER) != 0) return false;
    const sdk::Fd limit(::open("/proc/sys/user/max_inotify_watches", O_WRONLY | O_CLOEXEC));
    return limit && ::write(limit.get(), "6", 1) == 1;
}

Outcome watch_until_refused(const std::string& folder) {
    if (!leave_few_watches()) return kSkipped;
    const sdk::Fd inotify(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    WatchTree tree(inotify.get());
    // "/", "/tmp" and the folder take three, "a" and "b" one each.
    for (const char* name : {"/a/f", "/b/f"}) {
        try {
            tree.add(folder + name);
        } catch (const sdk::Failure&) {
            return kRefusedTooMuch;
        }
    }
    bool refused = false;
    for (const char* name : {"/c/f", "/d/f"}) {
        try {
            tree.add(folder + name);
        } catch (const sdk::Failure& failure) {
            const std::string words = failure.what();
            refused = failure.status() == EK_E_UNAVAILABLE &&
                      words.find("fs.inotify.max_user_watches") != words.npos;
        }
    }
    if (!refused) return kWatchedAll;
    // What is given up makes room for another.
    tree.remove(folder + "/a/f");
    try {
        tree.add(folder + "/d/f");
    } catch (const sdk::Failure&) {
        return kRefusedTooMuch;
    }
    return kRefusedOneOnly;
}

TEST(WatchTree, SaysWhenNoWatchIsLeftAndKeepsTheOthers) {
    const test::TempFolder folder;
    for (const char* name : {"/a", "/b", "/c", "/d"})
        std::filesystem::create_directory(folder.path() + name);
    std::filesystem::permissions(folder.path(), std::filesystem::perms(0755));
    const pid_t child = ::fork();
    if (child == 0) ::_exit(watch_until_refused(folder.path()));
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status));
    if (WEXITSTATUS(status) == kSkipped) GTEST_SKIP() << "no user namespaces here";
    EXPECT_EQ(WEXITSTATUS(status), kRefusedOneOnly);
}

}  // namespace
}  // namespace evenkeel::posix
