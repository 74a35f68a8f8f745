#include "core/link/handshake_limit.hpp"

#include <gtest/gtest.h>

namespace evenkeel::link {
namespace {

using namespace std::chrono_literals;

TEST(HandshakeLimitTest, IsReachedUntilOneHasEnded) {
    HandshakeLimit limit(2, 1h);
    const HandshakeLimit::Clock::time_point now;
    limit.begin(1, now);
    EXPECT_FALSE(limit.is_reached(now));
    limit.begin(2, now);
    EXPECT_TRUE(limit.is_reached(now));
    limit.begin(3, now);
    limit.end(2);
    limit.end(2);
    EXPECT_TRUE(limit.is_reached(now)) << "one more had begun";
    limit.end(3);
    EXPECT_FALSE(limit.is_reached(now));
}

TEST(HandshakeLimitTest, ThoseThatTakeLongDoNotCount) {
    HandshakeLimit limit(2, 500ms);
    const HandshakeLimit::Clock::time_point now;
    limit.begin(1, now);
    limit.begin(2, now + 100ms);
    EXPECT_TRUE(limit.is_reached(now + 499ms));
    EXPECT_FALSE(limit.is_reached(now + 500ms));
    limit.end(1);
    limit.begin(3, now + 500ms);
    EXPECT_TRUE(limit.is_reached(now + 500ms));
    EXPECT_FALSE(limit.is_reached(now + 600ms));
}

}  // namespace
}  // namespace evenkeel::link
