#include "core/agent/runs/turns.hpp"

#include <gtest/gtest.h>

namespace evenkeel::agent {
namespace {

using Ids = std::vector<std::string>;

TEST(Turns, OrderHoldsWithinACollectionOnly) {
    Turns turns;
    turns.add("one", {"files"});
    turns.add("two", {"files"});
    turns.add("three", {"users"});
    EXPECT_EQ(turns.take_ready(), (Ids{"one", "three"}));
    EXPECT_EQ(turns.take_ready(), Ids{});
    turns.remove("one");
    EXPECT_EQ(turns.take_ready(), Ids{"two"});
}

TEST(Turns, OneOfSeveralCollectionsWaitsForAllAndHoldsThem) {
    Turns turns;
    turns.add("users", {"users"});
    turns.add("both", {"files", "users"});
    turns.add("files", {"files"});
    EXPECT_EQ(turns.take_ready(), Ids{"users"});
    turns.remove("users");
    EXPECT_EQ(turns.take_ready(), Ids{"both"});
    turns.remove("both");
    EXPECT_EQ(turns.take_ready(), Ids{"files"});
}

TEST(Turns, CollectionsAreFreeWhileNothingRunsOrWaitsInThem) {
    Turns turns;
    EXPECT_TRUE(turns.are_free({"files", "users"}));
    turns.add("one", {"files"});
    EXPECT_FALSE(turns.are_free({"files", "users"}));
    EXPECT_TRUE(turns.are_free({"users"}));
    turns.begin("two", {"users"});
    EXPECT_FALSE(turns.are_free({"users"}));
    turns.add("three", {"users"});
    EXPECT_EQ(turns.take_ready(), Ids{"one"});
    turns.remove("two");
    EXPECT_EQ(turns.take_ready(), Ids{"three"});
    turns.remove("one");
    turns.remove("three");
    EXPECT_TRUE(turns.are_free({"files", "users"}));
}

TEST(Turns, OneThatWaitsCanBeTakenOut) {
    Turns turns;
    turns.add("one", {"files"});
    turns.add("two", {"files"});
    turns.add("three", {"files"});
    turns.take_ready();
    turns.remove("two");
    EXPECT_FALSE(turns.contains("two"));
    turns.remove("one");
    EXPECT_EQ(turns.take_ready(), Ids{"three"});
}

}  // namespace
}  // namespace evenkeel::agent
