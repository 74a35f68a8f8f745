#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/core/plugin/loaded.hpp"
#include "tests/unit/core/plugin/recorded_hints.hpp"

namespace evenkeel::plugin {
namespace {

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

}  // namespace
}  // namespace evenkeel::plugin
