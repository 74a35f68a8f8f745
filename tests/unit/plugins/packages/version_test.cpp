#include "plugins/packages/apt/version.hpp"

#include <algorithm>

#include <gtest/gtest.h>

namespace evenkeel::packages {
namespace {

int sign(int value) {
    return (value > 0) - (value < 0);
}

TEST(DebianVersions, AreOrderedAsDpkgOrdersThem) {
    // Ascending.
    const char* const versions[] = {"0~~a",  "0~",     "0",        "0.9",   "1.0~rc1-1", "1.0",
                                    "1.0-1", "1.0-1a", "1.0-1+b1", "1.0a",  "1.0+dfsg",  "1.2",
                                    "1.10",  "2",      "1:0.1",    "1:1.0", "2:0"};
    for (std::size_t a = 0; a < std::size(versions); ++a)
        for (std::size_t b = 0; b < std::size(versions); ++b)
            EXPECT_EQ(sign(compare_versions(versions[a], versions[b])),
                      a < b ? -1 : (a > b ? 1 : 0))
                << versions[a] << " and " << versions[b];
}

TEST(DebianVersions, AreTheSameWhereOnlyZerosAreLeftOut) {
    EXPECT_EQ(compare_versions("1.0", "0:1.0"), 0);
    EXPECT_EQ(compare_versions("1.0-0", "1.0"), 0);
    EXPECT_EQ(compare_versions("1.001", "1.1"), 0);
    EXPECT_LT(compare_versions("99999999999999999998", "99999999999999999999"), 0);
}

}  // namespace
}  // namespace evenkeel::packages
