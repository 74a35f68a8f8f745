#include "core/run/loop.hpp"

#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/support/wait.hpp"

namespace evenkeel::run {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Loop, RunsPostsInOrderAndNeverInsideThePost) {
    Loop loop;
    std::string order;
    loop.post([&] {
        loop.post([&] { order += "c"; });
        order += "a";
    });
    loop.post([&] { order += "b"; });
    EXPECT_EQ(order, "");
    EXPECT_EQ(loop.run_ready(), 3U);
    EXPECT_EQ(order, "abc");
}

TEST(Loop, WaitsWithoutWorkUntilItIsStopped) {
    Loop loop;
    std::thread other([&loop, runs = ::gettid()] {
        EXPECT_TRUE(test::falls_asleep(runs));
        loop.post([&loop] { loop.stop(); });
    });
    loop.run();
    other.join();
}

TEST(Loop, StopLeavesTheRestQueued) {
    Loop loop;
    int ran = 0;
    loop.post([&] {
        ++ran;
        loop.stop();
    });
    loop.post([&] { ++ran; });
    loop.run();
    EXPECT_EQ(ran, 1);
    loop.run_ready();
    EXPECT_EQ(ran, 2);
}

TEST(Loop, TakesPostsOfManyThreads) {
    Loop loop;
    int count = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < 1000; ++i) loop.post([&count] { ++count; });
        });
    }
    EXPECT_TRUE(loop.run_until([&] { return count == 4000; }, test::kPatience));
    for (std::thread& thread : threads) thread.join();
}

// Whenever they were begun: an idle process is woken up once for both.
TEST(Loop, TimersOfOnePeriodComeTogether) {
    for (int now = 1'000; now < 1'030; ++now) {
        const auto wait = Loop::about(seconds(10), seconds(now));
        EXPECT_EQ((seconds(now) + wait) % seconds(10), seconds(0)) << now;
        EXPECT_GE(wait, seconds(5)) << now;
        EXPECT_LE(wait, seconds(15)) << now;
    }
    Loop loop;
    bool came = false;
    const Timer timer = loop.after_about(milliseconds(5), [&] { came = true; });
    EXPECT_TRUE(loop.run_until([&] { return came; }, test::kPatience));
}

TEST(Loop, KnowsItsThread) {
    Loop loop;
    bool here = false;
    loop.post([&] { here = loop.is_here(); });
    std::thread other([&] { loop.run_ready(); });
    other.join();
    EXPECT_TRUE(here);
    EXPECT_FALSE(loop.is_here());
}

TEST(Loop, APosterOutlivesIt) {
    Post post;
    bool ran = false;
    {
        Loop loop;
        post = loop.poster();
        post([&ran] { ran = true; });
        loop.run_ready();
    }
    EXPECT_TRUE(ran);
    post([&ran] { ran = false; });
    EXPECT_TRUE(ran);
}

TEST(Loop, RunUntilGivesUpInTime) {
    Loop loop;
    EXPECT_FALSE(loop.run_until([] { return false; }, milliseconds(20)));
}

TEST(Loop, HandlesSignalsAgainAndAgain) {
    Loop loop;
    std::vector<int> seen;
    loop.on_signals({SIGUSR1, SIGUSR2}, [&](int number) { seen.push_back(number); });
    for (const int number : {SIGUSR1, SIGUSR2, SIGUSR1}) {
        const std::size_t before = seen.size();
        ::kill(::getpid(), number);
        ASSERT_TRUE(loop.run_until([&] { return seen.size() > before; }, test::kPatience));
    }
    EXPECT_EQ(seen, (std::vector<int>{SIGUSR1, SIGUSR2, SIGUSR1}));
}

TEST(Loop, APeerThatHasGoneDoesNotKillTheProcess) {
    const Loop loop;
    int ends[2] = {};
    ASSERT_EQ(::pipe(ends), 0);
    ::close(ends[0]);
    EXPECT_EQ(::write(ends[1], "x", 1), -1);
    ::close(ends[1]);
}

TEST(Timer, CallsOnceAfterItsDelay) {
    Loop loop;
    int calls = 0;
    const auto begin = std::chrono::steady_clock::now();
    const Timer timer = loop.after(milliseconds(30), [&] { ++calls; });
    EXPECT_TRUE(timer.pending());
    ASSERT_TRUE(loop.run_until([&] { return calls > 0; }, test::kPatience));
    EXPECT_GE(std::chrono::steady_clock::now() - begin, milliseconds(30));
    EXPECT_FALSE(timer.pending());
    loop.run_ready();
    EXPECT_EQ(calls, 1);
}

TEST(Timer, DestroyingItsHandleCancelsIt) {
    Loop loop;
    bool called = false, second_called = false;
    std::optional<Timer> second;
    // Both have expired when the loop looks, so that the second is queued already.
    const Timer first = loop.after(milliseconds(0), [&] {
        called = true;
        second.reset();
    });
    second = loop.after(milliseconds(0), [&] { second_called = true; });
    ASSERT_TRUE(loop.run_until([&] { return called; }, test::kPatience));
    loop.run_ready();
    EXPECT_FALSE(second_called);
}

TEST(Timer, CancellingLetsGoOfWhatTheCallHolds) {
    Loop loop;
    const auto held = std::make_shared<int>(1);
    Timer timer = loop.after(hours(1), [held] {});
    EXPECT_EQ(held.use_count(), 2);
    timer.cancel();
    EXPECT_EQ(held.use_count(), 1);
    EXPECT_FALSE(timer.pending());
}

TEST(Timer, MayBeSetAgainFromItsOwnCall) {
    Loop loop;
    int calls = 0;
    Timer timer;
    std::function<void()> again = [&] {
        if (++calls < 3) timer = loop.after(milliseconds(1), again);
    };
    timer = loop.after(milliseconds(1), again);
    EXPECT_TRUE(loop.run_until([&] { return calls == 3; }, test::kPatience));
    EXPECT_FALSE(timer.pending());
}

TEST(Timer, MayBeDestroyedByItsOwnCall) {
    Loop loop;
    auto timer = std::make_unique<Timer>();
    bool called = false;
    *timer = loop.after(milliseconds(1), [&] {
        timer.reset();
        called = true;
    });
    EXPECT_TRUE(loop.run_until([&] { return called; }, test::kPatience));
}

TEST(LoopDeathTest, AHandlerThatThrowsEndsTheProcess) {
    const auto throwing = [] {
        const rlimit no_core{0, 0};
        ::setrlimit(RLIMIT_CORE, &no_core);
        Loop loop;
        loop.post([] { throw std::runtime_error("a bug"); });
        loop.run();
    };
    EXPECT_DEATH(throwing(), "a bug");
}

}  // namespace
}  // namespace evenkeel::run
