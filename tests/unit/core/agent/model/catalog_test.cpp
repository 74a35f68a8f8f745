#include "core/agent/model/catalog.hpp"

#include <gtest/gtest.h>

namespace evenkeel::agent {
namespace {

TEST(Superseded, OnlyByAHigherRevisionOfTheSameStream) {
    const wire::Generation held{"s", 5};
    EXPECT_TRUE(is_superseded({"s", 4}, &held));
    EXPECT_FALSE(is_superseded({"s", 5}, &held));
    EXPECT_FALSE(is_superseded({"t", 4}, &held));
    EXPECT_FALSE(is_superseded({}, &held));
    EXPECT_FALSE(is_superseded({"s", 4}, nullptr));
}

}  // namespace
}  // namespace evenkeel::agent
