#include "core/run/lane.hpp"

#include <atomic>
#include <future>
#include <stdexcept>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sys/resource.h>

#include "core/run/end_process.hpp"

namespace evenkeel::run {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A task that stays where it is until it is let go, and can be waited for.
class Hold {
  public:
    // Occupies the lane; returns when the task runs.
    void occupy(Lane& lane) {
        ASSERT_TRUE(lane.submit([state = state_] {
            state->entered.set_value();
            state->go.get_future().wait();
            state->left.set_value();
        }));
        state_->entered.get_future().wait();
    }
    void let_go() { state_->go.set_value(); }
    void wait_until_left() { state_->left.get_future().wait(); }

  private:
    struct State {
        std::promise<void> entered;
        std::promise<void> go;
        std::promise<void> left;
    };
    // Shared with the task, which may outlive the test's Lane.
    std::shared_ptr<State> state_ = std::make_shared<State>();
};

TEST(Lane, RunsTasksInOrderOnOneThreadOfItsOwn) {
    Lane lane({.name = "files"});
    std::vector<int> order;
    std::vector<std::thread::id> threads;
    for (int i = 0; i < 100; ++i) {
        ASSERT_TRUE(lane.submit([&, i] {
            order.push_back(i);
            threads.push_back(std::this_thread::get_id());
        }));
    }
    ASSERT_TRUE(lane.stop(seconds(10)));
    for (int i = 0; i < 100; ++i) {
        EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
        EXPECT_EQ(threads[static_cast<std::size_t>(i)], threads[0]);
    }
    EXPECT_NE(threads[0], std::this_thread::get_id());
}

TEST(Lane, RefusesWhenItsQueueIsFull) {
    Lane lane({.name = "files", .queue_depth_max = 2});
    Hold hold;
    hold.occupy(lane);
    EXPECT_TRUE(lane.submit([] {}));
    EXPECT_TRUE(lane.submit([] {}));
    EXPECT_EQ(lane.depth(), 2U);
    const auto refused = lane.submit([] {});
    EXPECT_EQ(refused.error().code, Errc::busy);
    EXPECT_NE(refused.error().what.find("files"), std::string::npos);
    hold.let_go();
}

TEST(Lane, KnowsWhetherItIsIdleAndSinceWhenItIsNot) {
    Lane lane({});
    EXPECT_TRUE(lane.idle());
    EXPECT_EQ(lane.running_since_ns(), 0U);
    Hold hold;
    hold.occupy(lane);
    EXPECT_FALSE(lane.idle());
    EXPECT_GT(lane.running_since_ns(), 0U);
    hold.let_go();
    EXPECT_TRUE(lane.stop(seconds(10)));
    EXPECT_TRUE(lane.idle());
}

TEST(Lane, LetsGoOfATasksPossessionsBeforeItIsIdle) {
    Lane lane({});
    const auto held = std::make_shared<int>(1);
    ASSERT_TRUE(lane.submit([held] {}));
    ASSERT_TRUE(lane.stop(seconds(10)));
    EXPECT_EQ(held.use_count(), 1);
}

TEST(Lane, AnAbandonedOneReturnsAtOnceAndTakesNothingMore) {
    Hold hold;
    std::atomic<bool> ran = false;
    {
        Lane lane({});
        hold.occupy(lane);
        ASSERT_TRUE(lane.submit([&ran] { ran = true; }));
        lane.abandon();
        EXPECT_TRUE(lane.abandoned());
        EXPECT_EQ(lane.depth(), 0U);
        EXPECT_EQ(lane.submit([] {}).error().code, Errc::unavailable);
    }  // does not wait for the task that hangs
    hold.let_go();
    hold.wait_until_left();
    EXPECT_FALSE(ran);
}

TEST(Lane, StopGivesUpATaskThatHangsPastTheDeadline) {
    Hold hold;
    Lane lane({});
    hold.occupy(lane);
    EXPECT_FALSE(lane.stop(milliseconds(30)));
    EXPECT_TRUE(lane.abandoned());
    hold.let_go();
    hold.wait_until_left();
}

TEST(Lane, WhoStopsItInItsOwnTaskDoesNotWaitForHimself) {
    auto stopped = std::make_shared<std::promise<bool>>();  // its thread may outlive this
    auto lane = std::make_shared<Lane>(Lane::Options{.name = "files"});
    ASSERT_TRUE(
        lane->submit([stopped, lane] { stopped->set_value(lane->stop(std::chrono::hours(1))); }));
    EXPECT_FALSE(stopped->get_future().get());
    EXPECT_TRUE(lane->abandoned());
}

TEST(Lane, AStoppedOneTakesNothingMore) {
    Lane lane({});
    EXPECT_TRUE(lane.stop(seconds(1)));
    EXPECT_EQ(lane.submit([] {}).error().code, Errc::unavailable);
    EXPECT_TRUE(lane.stop(seconds(1)));
}

TEST(LaneDeathTest, AProcessThatLeavesATaskBehindEndsWithoutDestroyingWhatItUses) {
    struct Told {
        ~Told() { std::fputs("destroyed\n", stderr); }
    };
    const auto leave = [](int code) {
        static const Told told;
        Lane lane({.name = "files"});
        std::promise<void> entered, never;
        static_cast<void>(lane.submit([&] {
            entered.set_value();
            never.get_future().wait();
        }));
        entered.get_future().wait();
        if (code == 7) lane.abandon();
        else never.set_value();
        std::exit(end_process(code));
    };
    EXPECT_EXIT(leave(7), testing::ExitedWithCode(7), "^$");
    EXPECT_EXIT(leave(8), testing::ExitedWithCode(8), "destroyed");
}

TEST(LaneDeathTest, ATaskThatThrowsEndsTheProcess) {
    const auto throwing = [] {
        const rlimit no_core{0, 0};
        ::setrlimit(RLIMIT_CORE, &no_core);
        Lane lane({});
        static_cast<void>(lane.submit([] { throw std::runtime_error("a bug"); }));
        lane.stop(seconds(10));
    };
    EXPECT_DEATH(throwing(), "a bug");
}

}  // namespace
}  // namespace evenkeel::run
