#include "core/store/key.hpp"

#include <algorithm>
#include <limits>

#include <gtest/gtest.h>

namespace evenkeel::store {
namespace {

using namespace std::string_literals;

TEST(NumberKey, SortsAsTheNumbersDo) {
    std::vector<std::uint64_t> numbers = {
        0, 1, 127, 128, 255, 256, 65'535, 1ULL << 32, std::numeric_limits<std::uint64_t>::max()};
    std::vector<std::string> keys;
    for (const std::uint64_t number : numbers) {
        keys.push_back(number_key(number));
        EXPECT_EQ(number_of(keys.back()).value(), number);
    }
    EXPECT_TRUE(std::is_sorted(keys.begin(), keys.end()));
}

TEST(NumberKey, ReadsTheNumberAtTheEndOfAKey) {
    EXPECT_EQ(number_of("host" + number_key(77)).value(), 77U);
    EXPECT_EQ(number_of("short").error().code, Errc::corrupt);
}

TEST(ResourceKey, KeepsShortIdsReadableAndHashesLongOnes) {
    EXPECT_EQ(resource_key("files", "/etc/motd"), "files\0/etc/motd"s);
    EXPECT_EQ(resource_key("files", std::string(400, 'a')), "files\0"s + std::string(400, 'a'));
    const std::string longest = resource_key("files", std::string(4095, 'a'));
    EXPECT_EQ(longest.size(), 5U + 1U + 32U);
    EXPECT_EQ(longest[5], '\1');
    EXPECT_NE(longest, resource_key("files", std::string(4094, 'a')));
    EXPECT_LE(resource_key(std::string(64, 'c'), std::string(400, 'a')).size(), kKeyBytesMax);
}

TEST(ResourceKey, HasRoomForAHostInFront) {
    const std::string host = "host_0192f0c1-0000-7000-8000-000000000000";
    EXPECT_LE((host + '\0' + resource_key(std::string(64, 'c'), std::string(400, 'a'))).size(),
              kKeyBytesMax);
}

TEST(Range, APrefixEndsBeforeTheNextOne) {
    EXPECT_EQ(Range::prefix("ab").until, "ac");
    EXPECT_EQ(Range::prefix("a\xff").until, "b");
    EXPECT_EQ(Range::prefix("\xff\xff").until, "");
    EXPECT_EQ(Range::prefix("").until, "");
}

TEST(Range, ACursorLeavesOutItsOwnKey) {
    EXPECT_EQ(Range::prefix("a").after("ab").from, "ab\0"s);
    EXPECT_EQ(Range::prefix("b").after("a").from, "b");
    EXPECT_EQ(Range::prefix("a").reversed().after("ab").until, "ab");
    EXPECT_EQ(Range::prefix("a").reversed().after("c").until, "b");
}

}  // namespace
}  // namespace evenkeel::store
