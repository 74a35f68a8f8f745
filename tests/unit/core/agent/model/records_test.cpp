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

TEST(Records, ABodyIsShownAsSensitiveWhileAnEarlierSecretMayBeThere) {
    Metadata metadata;
    const json::Value body = json::Object{{"content", "open"}, {"sensitive", false}};
    EXPECT_EQ(shown_beside(metadata, body), body);
    metadata.left_secret = true;
    EXPECT_TRUE(shown_beside(metadata, body).bool_or("sensitive"));
}

}  // namespace
}  // namespace evenkeel::agent
