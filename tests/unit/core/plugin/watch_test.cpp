#include <cstdio>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/plugin/log_limit.hpp"
#include "core/plugin/reactor.hpp"
#include "core/plugin/spin_guard.hpp"
#include "tests/unit/core/plugin/loaded.hpp"
#include "tests/unit/core/plugin/recorded_hints.hpp"

namespace evenkeel::plugin {
namespace {

using namespace std::chrono_literals;

class WatchTest : public testing::Test {
  protected:
    void tamper(const std::string& id) {
        ASSERT_FALSE(memory_->invoke(id, "tamper", value(R"({"text":"b"})"), {}).error);
    }
    RecordedHints hints_;
    std::unique_ptr<Collection> memory_ = open_collection("memory", "memory");
};

TEST_F(WatchTest, TellsOfWhatItIsInterestedInAndOfNothingElse) {
    const auto watch = memory_->watch(hints_.listener()).value();
    ASSERT_TRUE(watch->interest("b", true));
    tamper("a");
    tamper("b");
    ASSERT_TRUE(hints_.wait_for(1));
    EXPECT_EQ(hints_.ids(), std::vector<std::string>{"b"});
    ASSERT_TRUE(watch->interest("b", false));
    ASSERT_TRUE(watch->interest("c", true));
    tamper("b");
    tamper("c");
    ASSERT_TRUE(hints_.wait_for(2));
    EXPECT_EQ(hints_.ids().back(), "c");
}

TEST_F(WatchTest, TellsWhatWasMissedApartFromWhatMayHaveChanged) {
    const auto watch = memory_->watch(hints_.listener()).value();
    ASSERT_FALSE(memory_->invoke("any", "rescan", {}, {}).error);
    ASSERT_TRUE(hints_.wait_for(1));
    EXPECT_EQ(hints_.ids(), std::vector<std::string>{""});
    EXPECT_EQ(hints_.missed(), 0);
    ASSERT_FALSE(memory_->invoke("any", "overflow", {}, {}).error);
    ASSERT_TRUE(hints_.wait_for(2));
    EXPECT_EQ(hints_.missed(), 1);
}

TEST_F(WatchTest, HasHandedOnWhatWasThereBeforeWhenItIsInSync) {
    const auto watch = memory_->watch(hints_.listener()).value();
    ASSERT_TRUE(watch->interest("a", true));
    for (std::size_t round = 1; round <= 50; ++round) {
        ASSERT_FALSE(memory_->invoke("a", "stir", {}, {}).error);
        watch->sync();
        EXPECT_EQ(hints_.unsettled().size(), round);
    }
}

TEST_F(WatchTest, SaysWhichIdCannotBeWatchedAndGoesOn) {
    const auto watch = memory_->watch(hints_.listener()).value();
    const auto refused = watch->interest("unwatchable", true);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::unavailable);
    EXPECT_FALSE(watch->lost());
    ASSERT_TRUE(watch->interest("a", true));
    tamper("a");
    EXPECT_TRUE(hints_.wait_for(1));
}

TEST_F(WatchTest, IsSilentOnceItIsDestroyed) {
    auto watch = memory_->watch(hints_.listener()).value();
    ASSERT_TRUE(watch->interest("a", true));
    watch.reset();
    tamper("a");
    auto next = memory_->watch([](Hint, const std::string&) {}).value();
    ASSERT_TRUE(next->interest("a", true));  // the reactor has turned once more by now
    EXPECT_TRUE(hints_.ids().empty());
}

TEST_F(WatchTest, IsLostWhenThePluginGivesUpAndCanBeMadeAnew) {
    auto watch = memory_->watch(hints_.listener()).value();
    ASSERT_TRUE(watch->interest("break-watch", true));
    tamper("break-watch");
    ASSERT_TRUE(hints_.wait_for(1));
    EXPECT_EQ(hints_.ids(), std::vector<std::string>{""});
    EXPECT_EQ(hints_.missed(), 1);
    EXPECT_TRUE(watch->lost());
    EXPECT_EQ(watch->interest("a", true).error().code, Errc::unavailable);
    ASSERT_FALSE(memory_->invoke("break-watch", "drop", {}, {}).error);
}

TEST_F(WatchTest, OutlivesTheCollectionItWasOpenedOn) {
    auto watch = memory_->watch(hints_.listener()).value();
    memory_.reset();
    EXPECT_TRUE(watch->interest("a", true));
}

// What a watch of the plugin `misbehaves` does when it has this id, and how often it is called.
class BadWatchTest : public WatchTest {
  protected:
    ~BadWatchTest() override { Reactor::shared().value()->set_patience(5s); }
    std::unique_ptr<Watch> open_with(const std::string& id) {
        auto watch = misbehaves_->watch(bad_hints_.listener()).value();
        static_cast<void>(watch->interest(id, true));
        return watch;
    }
    int calls() {
        const auto items = misbehaves_->read({"counts"}, {});
        int opens = 0, calls = 0;
        const std::string text = items->front().state.string_or("text");
        EXPECT_EQ(std::sscanf(text.c_str(), "%d %d", &opens, &calls), 2) << text;
        return calls;
    }
    RecordedHints bad_hints_;
    std::unique_ptr<Collection> misbehaves_ = open_collection("misbehaves", "misbehaves");
};

TEST_F(BadWatchTest, OneThatDoesNotReturnIsLeftBehindAndNobodyElseLosesAnEvent) {
    const auto watch = memory_->watch(hints_.listener()).value();
    ASSERT_TRUE(watch->interest("b", true));
    Reactor::shared().value()->set_patience(3s);
    for (int times = 1; times <= 2; ++times) {
        RecordedHints told;
        auto hangs = misbehaves_->watch(told.listener()).value();
        EXPECT_TRUE(hangs->interest("stuck", true));
        tamper("b");
        ASSERT_TRUE(told.wait_for(1));
        EXPECT_EQ(told.ids(), std::vector<std::string>{"watch_ready"});
        EXPECT_EQ(told.hung(), 1);
        EXPECT_TRUE(hangs->lost());
        EXPECT_EQ(hangs->interest("other", true).error().code, Errc::timeout);
        ASSERT_TRUE(hints_.wait_for(static_cast<std::size_t>(times)));
        EXPECT_TRUE(watch->interest("c", times == 1)) << "others are served";
    }
    EXPECT_EQ(hints_.ids(), (std::vector<std::string>{"b", "b"}));
    EXPECT_EQ(hints_.missed(), 0);
    EXPECT_FALSE(watch->lost());
}

TEST_F(BadWatchTest, ADescriptorThatIsNeverDrainedIsGivenUpAfterSoManyCalls) {
    const int before = calls();
    const auto watch = open_with("undrained");
    while (!watch->lost()) bad_hints_.wait_for(1);
    EXPECT_EQ(bad_hints_.missed(), 1);
    EXPECT_EQ(calls() - before, static_cast<int>(SpinGuard::kFree + SpinGuard::kPaused));
}

TEST_F(BadWatchTest, ATimerThatIsAlwaysSetToThePastIsGivenUpAfterSoManyCalls) {
    const int before = calls();
    const auto watch = open_with("past");
    while (!watch->lost()) bad_hints_.wait_for(1);
    EXPECT_EQ(bad_hints_.missed(), 1);
    EXPECT_EQ(calls() - before, static_cast<int>(SpinGuard::kFree + SpinGuard::kPaused));
}

TEST(SpinGuard, LeavesAloneWhoGetsOnWithIt) {
    SpinGuard guard;
    for (unsigned call = 0; call < 100 * SpinGuard::kFree; ++call)
        ASSERT_EQ(guard.called(call % SpinGuard::kFree != 0), SpinGuard::Advice::go_on);
}

TEST(LogLimit, LeavesOutWhatIsTooMuchAndCountsIt) {
    LogLimit limit;
    std::uint64_t written = 0, said = 0;
    for (int line = 0; line < 200'000; ++line) {
        const auto advice = limit.take(1);
        written += advice.write ? 1 : 0;
        said += advice.is_first_left_out ? 1 : 0;
    }
    EXPECT_EQ(written, LogLimit::kMost);
    EXPECT_EQ(said, 1U);
    const auto later = limit.take(1 + LogLimit::kWindowNs);
    EXPECT_TRUE(later.write);
    EXPECT_EQ(later.left_out_before, 200'000 - LogLimit::kMost);
    EXPECT_EQ(limit.take(2 + LogLimit::kWindowNs).left_out_before, 0U);
}

}  // namespace
}  // namespace evenkeel::plugin
