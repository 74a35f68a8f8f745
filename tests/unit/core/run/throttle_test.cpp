#include "core/run/throttle.hpp"

#include <gtest/gtest.h>

namespace evenkeel::run {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

TEST(Throttle, TakesSoManyOfAKeyInAWindow) {
    Throttle throttle(2, std::chrono::seconds(60));
    EXPECT_TRUE(throttle.take("a", 0));
    EXPECT_TRUE(throttle.take("a", kSecond));
    EXPECT_FALSE(throttle.take("a", 2 * kSecond));
    EXPECT_TRUE(throttle.take("b", 2 * kSecond));
    EXPECT_EQ(throttle.retry_after_s(2 * kSecond), 58);
    EXPECT_TRUE(throttle.take("a", 60 * kSecond));
}

TEST(Throttle, IsBoundedWhateverTheKeys) {
    Throttle throttle(1, std::chrono::seconds(60));
    for (std::size_t i = 0; i < Throttle::kKeysMost; ++i) {
        ASSERT_TRUE(throttle.take(std::to_string(i), 0));
    }
    EXPECT_FALSE(throttle.take("one more", 0));
    EXPECT_TRUE(throttle.take("one more", 60 * kSecond));
}

TEST(Throttle, CountsAnIpv6CustomerOnce) {
    EXPECT_EQ(source_of("192.0.2.1"), "192.0.2.1");
    EXPECT_EQ(source_of("2001:db8:1:2::7"), source_of("2001:db8:1:2:ffff::1"));
    EXPECT_NE(source_of("2001:db8:1:2::7"), source_of("2001:db8:1:3::7"));
    EXPECT_EQ(source_of("::ffff:192.0.2.1"), "192.0.2.1");
}

}  // namespace
}  // namespace evenkeel::run
