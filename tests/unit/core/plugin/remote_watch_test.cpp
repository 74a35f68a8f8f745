#include <atomic>
#include <csignal>
#include <thread>

#include "core/base/file.hpp"
#include "tests/support/wait.hpp"
#include "tests/unit/core/plugin/recorded_hints.hpp"
#include "tests/unit/core/plugin/remote.hpp"

namespace evenkeel::plugin {
namespace {

TEST_F(Remote, AWatchThatDoesNotAnswerHoldsNoOtherUp) {
    const evenkeel::test::TempFolder folder;
    data_dir_ = folder.path() + "/data";
    RecordedHints hints;
    const auto greedy = open("greedy");
    const auto memory = open("memory");
    ASSERT_TRUE(greedy && memory);
    auto stuck = greedy->watch(hints.listener()).value();
    auto other = memory->watch(hints.listener()).value();
    std::atomic<bool> answered{false};
    std::thread asks([&] {
        EXPECT_TRUE(stuck->interest("stuck", true));
        answered = true;
    });
    EXPECT_TRUE(other->interest("a", true));
    EXPECT_FALSE(memory->invoke("a", "tamper", value(R"({"text":"b"})"), {}).error);
    EXPECT_TRUE(hints.wait_for_id("a"));
    EXPECT_FALSE(answered);
    EXPECT_TRUE(write_file(data_dir_ + "/greedy/go", "", 0644));
    asks.join();
}

TEST_F(Remote, AWatchIsLostWithItsProcessAndCanBeMadeAnew) {
    RecordedHints hints;
    const auto memory = open("memory");
    auto watch = memory->watch(hints.listener()).value();
    ASSERT_TRUE(watch->interest("a", true));
    ASSERT_EQ(::kill(pid_of(*memory), SIGKILL), 0);
    ASSERT_TRUE(hints.wait_for(1));
    EXPECT_EQ(hints.missed(), 1);
    EXPECT_TRUE(watch->lost());
    // The first may still find the process that has ended.
    auto again = memory->watch(hints.listener());
    for (int tries = 1; !again && tries < 20; ++tries) again = memory->watch(hints.listener());
    ASSERT_TRUE(again) << again.error().what;
    watch = *std::move(again);
    ASSERT_TRUE(watch->interest("a", true));
    ASSERT_FALSE(memory->invoke("a", "tamper", value(R"({"text":"b"})"), {}).error);
    EXPECT_TRUE(hints.wait_for_id("a"));
}

TEST_F(Remote, AWatchIsNotWaitedForLongerThanTheCallLasts) {
    const evenkeel::test::TempFolder folder;
    data_dir_ = folder.path() + "/data";
    RecordedHints hints;
    const auto greedy = open("greedy");
    ASSERT_NE(greedy, nullptr);
    const auto watch = greedy->watch(hints.listener()).value();
    CancelSource cancel;
    Call call;
    call.cancel = &cancel;
    cancel.cancel();
    const auto begun = watch->interest("stuck", true, call);
    ASSERT_FALSE(begun);
    EXPECT_EQ(begun.error().code, Errc::cancelled) << begun.error().what;
    watch->sync(call);
    EXPECT_TRUE(write_file(data_dir_ + "/greedy/go", "", 0644));
    // Nothing has happened to the process.
    EXPECT_TRUE(watch->interest("a", true));
    EXPECT_EQ(greedy->process()->describe()["restarts"].as_integer(), 0);
}

TEST_F(Remote, HintsFromAnotherThreadDoNotMixWithTheAnswersOfTheOpening) {
    const evenkeel::test::TempFolder folder;
    data_dir_ = folder.path() + "/data";
    RecordedHints hints;
    const auto greedy = open("greedy");
    ASSERT_NE(greedy, nullptr);
    ASSERT_TRUE(write_file(data_dir_ + "/greedy/chatty", "", 0644));
    const auto watch = greedy->watch(hints.listener());
    ASSERT_TRUE(watch) << watch.error().what;
    EXPECT_TRUE((*watch)->interest("a", true));
    EXPECT_TRUE(evenkeel::test::wait_until([&] { return !hints.ids().empty(); }));
    EXPECT_EQ(greedy->process()->describe()["restarts"].as_integer(), 0);
}

}  // namespace
}  // namespace evenkeel::plugin
