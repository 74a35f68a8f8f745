#include <filesystem>

#include <sys/resource.h>

#include "core/base/file.hpp"
#include "core/plugin/remote/turn.hpp"
#include "tests/unit/core/plugin/remote.hpp"

// A collection that is not opened gets no calls, so nothing that passes may keep it from that.
namespace evenkeel::plugin {
namespace {

class RemoteOpen : public Remote {
  protected:
    RemoteOpen() {
        data_dir_ = temp_.path();
        std::filesystem::create_directory(data_dir_ + "/greedy");
    }
    void make(const std::string& name) {
        ASSERT_TRUE(write_file(data_dir_ + "/greedy/" + name, "", 0644));
    }

  private:
    evenkeel::test::TempFolder temp_;
};

// While it lives, this process gets no more descriptors.
class NoDescriptors {
  public:
    NoDescriptors() {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        rlimit none = before_;
        none.rlim_cur = 0;
        ::setrlimit(RLIMIT_NOFILE, &none);
    }
    ~NoDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
    NoDescriptors(const NoDescriptors&) = delete;
    NoDescriptors& operator=(const NoDescriptors&) = delete;

  private:
    rlimit before_{};
};

TEST_F(RemoteOpen, IsTriedAgainWhenItsProcessEndsMeanwhile) {
    make("ends once");
    const auto greedy = open("greedy");
    ASSERT_NE(greedy, nullptr);
    EXPECT_FALSE(greedy->trouble());
    EXPECT_EQ(greedy->process()->describe()["restarts"].as_integer(), 1);
    EXPECT_EQ(error_of(*greedy, "fine"), "");
    // Not for ever.
    make("ends always");
    EXPECT_TRUE(has(error_of(*greedy, "kill"), "signal 9"));
    EXPECT_TRUE(has(error_of(*greedy, "fine"), "its process ended in the open"));
    EXPECT_EQ(held(), "");
    EXPECT_TRUE(has(error_of(*greedy, "fine"), "ended 5 times"));
}

TEST_F(RemoteOpen, CanComeLater) {
    make("not yet");
    const auto greedy = open("greedy");
    ASSERT_NE(greedy, nullptr);
    ASSERT_TRUE(greedy->trouble());
    EXPECT_TRUE(has(greedy->open({})->what, "not yet"));
    EXPECT_TRUE(has(error_of(*greedy, "fine"), "not yet"));
    std::filesystem::remove(data_dir_ + "/greedy/not yet");
    EXPECT_FALSE(greedy->open({}));
    EXPECT_FALSE(greedy->trouble());
    EXPECT_EQ(error_of(*greedy, "fine"), "");
}

TEST_F(RemoteOpen, ThatIsCancelledSaysWhatFor) {
    make("not yet");
    const auto greedy = open("greedy");
    ASSERT_NE(greedy, nullptr);
    CancelSource cancel;
    Call call;
    call.cancel = &cancel;
    cancel.cancel({Errc::timeout, "the deadline has passed"});
    const auto trouble = greedy->open(call);
    ASSERT_TRUE(trouble);
    EXPECT_EQ(trouble->code, Errc::timeout);
    EXPECT_EQ(trouble->what, "the deadline has passed");
}

TEST_F(RemoteOpen, AShortageOfTheHostIsNoEndOfThePlugin) {
    const auto greedy = open("greedy");
    ASSERT_NE(greedy, nullptr);
    EXPECT_TRUE(has(error_of(*greedy, "kill"), "signal 9"));
    {
        const NoDescriptors none;
        const std::string error = error_of(*greedy, "fine");
        EXPECT_TRUE(has(error, "its process cannot be started: ")) << error;
    }
    EXPECT_EQ(error_of(*greedy, "fine"), "");
    EXPECT_EQ(held(), "");
}

TEST(RemoteTurn, IsOneThreadsAndWaitedForNoLongerThanThereIsTime) {
    Turns turns;
    {
        const Turn first(turns, {});
        EXPECT_TRUE(first);
        EXPECT_FALSE(Turn(turns, Until{}.but_at_most(1ms)));
    }
    EXPECT_TRUE(Turn(turns, Until{}.but_at_most(1ms)));
    EXPECT_TRUE(Turn(turns, {}));
}

}  // namespace
}  // namespace evenkeel::plugin
