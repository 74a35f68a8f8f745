#include "core/agent/model/records.hpp"

#include <gtest/gtest.h>

namespace evenkeel::agent {
namespace {

TEST(Records, EnsureIsPresentAbsentOrAnError) {
    EXPECT_FALSE(*requests_absence(json::Object{}));
    EXPECT_FALSE(*requests_absence(json::Object{{"ensure", "present"}}));
    EXPECT_TRUE(*requests_absence(json::Object{{"ensure", "absent"}}));
    EXPECT_FALSE(requests_absence(json::Object{{"ensure", "gone"}}));
    EXPECT_FALSE(requests_absence(json::Object{{"ensure", nullptr}}));
}

}  // namespace
}  // namespace evenkeel::agent
