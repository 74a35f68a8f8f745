#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/file.hpp"
#include "core/plugin/host.hpp"
#include "core/plugin/package.hpp"
#include "core/plugin/remote/plugin_user.hpp"
#include "tests/unit/core/plugin/remote.hpp"

// As whom plugins run in processes of their own, and which files they see.
namespace evenkeel::plugin {
namespace {

class RemoteUser : public Remote {
  protected:
    void SetUp() override {
        if (::geteuid() != 0) GTEST_SKIP() << "only root can become another user";
        as_others_ = true;
        data_dir_ = folder_.path() + "/data";
    }
    const evenkeel::test::TempFolder folder_;
};

TEST_F(Remote, WritesNowhereButWhereItSaysSo) {
    const evenkeel::test::TempFolder folder;
    data_dir_ = folder.path() + "/data";
    const auto unruly = open("unruly");
    EXPECT_TRUE(has(error_of(*unruly, "file", folder.path() + "/x"), "Permission denied"));
    EXPECT_EQ(error_of(*unruly, "file", data_dir_ + "/unruly/x"), "");
    EXPECT_TRUE(std::filesystem::exists(data_dir_ + "/unruly/x"));
}

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

TEST_F(RemoteUser, KeepsItsNumberWhileItRunsThoughItsFolderIsRemoved) {
    const auto unruly = open("unruly");
    ASSERT_NE(unruly, nullptr);
    const std::uint32_t first = owner_of(data_dir_ + "/unruly");
    ASSERT_GE(first, PluginUser::kFirst);
    std::filesystem::remove_all(data_dir_ + "/unruly");
    const auto greedy = open("greedy");
    ASSERT_NE(greedy, nullptr);
    EXPECT_NE(owner_of(data_dir_ + "/greedy"), first);
    const auto again = open("unruly");
    ASSERT_NE(again, nullptr);
    EXPECT_EQ(owner_of(data_dir_ + "/unruly"), first);
}

TEST_F(RemoteUser, CanBeRootAgainWithAllThatIsInItsFolder) {
    ASSERT_NE(open("unruly"), nullptr);
    EXPECT_TRUE(write_file(data_dir_ + "/unruly/kept", "", 0600));
    ASSERT_GE(owner_of(data_dir_ + "/unruly"), PluginUser::kFirst);
    ASSERT_TRUE(give_to_root(data_dir_ + "/unruly"));
    EXPECT_EQ(owner_of(data_dir_ + "/unruly"), 0u);
    EXPECT_EQ(owner_of(data_dir_ + "/unruly/kept"), 0u);
}

// A new version that does not start must not take the folder from the one that runs.
TEST_F(RemoteUser, KeepsItsFolderWhenOneThatDoesRootsWorkDoesNotStart) {
    const auto unruly = open("unruly");
    ASSERT_NE(unruly, nullptr);
    EXPECT_EQ(error_of(*unruly, "keep"), "");
    const std::uint32_t user = owner_of(data_dir_ + "/unruly");
    ASSERT_GE(user, PluginUser::kFirst);
    LoadOptions options = test_options();
    options.data_dir = data_dir_;
    Package package = find_package({TEST_PLUGINS}, "unruly", options).value();
    const std::string none = "\"capabilities\": []";
    package.manifest.replace(package.manifest.find(none), none.size(),
                             "\"capabilities\": [\"CAP_CHOWN\"]");
    const auto host = Host::make(package, options).value();
    // It is another manifest than that in the file: the folder is given before that is seen.
    const auto started = RemotePlugin::start(package, *host->table(), isolation_, false);
    ASSERT_FALSE(started);
    EXPECT_TRUE(has(started.error().what, "the manifest inside differs"));
    EXPECT_EQ(owner_of(data_dir_ + "/unruly"), user);
    EXPECT_EQ(owner_of(data_dir_ + "/unruly/kept"), user);
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
    const std::string token = folder.path() + "/token", absent = folder.path() + "/absent";
    ASSERT_TRUE(write_file(token, "secret", 0600));
    isolation_.hidden = {absent, data_dir_, data_dir_ + "/inside", token};
    const auto greedy = open("greedy");
    ASSERT_NE(greedy, nullptr);
    ASSERT_TRUE(write_file(data_dir_ + "/key", "secret", 0600));
    const std::string error = error_of(*greedy, "open " + data_dir_ + "/key");
    EXPECT_TRUE(has(error, "open: No such file")) << error;
    // Its own folder lies there.
    ASSERT_TRUE(write_file(data_dir_ + "/greedy/own", "", 0600));
    EXPECT_EQ(error_of(*greedy, "open " + data_dir_ + "/greedy/own"), "");
    EXPECT_EQ(error_of(*greedy, "empty", token), "");
    EXPECT_TRUE(notes(*greedy, "may read " + absent + ": it was not there yet"));
    EXPECT_FALSE(notes(*greedy, "may read " + data_dir_));
    EXPECT_FALSE(notes(*greedy, "may read " + token));
}

}  // namespace
}  // namespace evenkeel::plugin
