#include "orchestrator/bus/duplicate_links.hpp"

#include <gtest/gtest.h>

namespace evenkeel::bus {
namespace {

constexpr std::chrono::milliseconds kHeartbeat{1000};  // a quarter of it is 250 ms

Duplicate of(std::uint64_t connection, const std::string& instance, std::int64_t since_ms) {
    Duplicate duplicate;
    duplicate.connection = connection;
    duplicate.hello.instance = instance;
    duplicate.since_ms = since_ms;
    return duplicate;
}

TEST(DuplicateLinks, ALinkThatIsHeardTwiceAQuarterOfAHeartbeatApartIsAnotherMachine) {
    DuplicateLinks duplicates(kHeartbeat);
    duplicates.add("host", of(1, "run_1", 10'000));
    EXPECT_FALSE(duplicates.on_link_message("host", 10'249)) << "it may have been under way";
    EXPECT_FALSE(duplicates.on_link_message("host", 10'250));
    EXPECT_FALSE(duplicates.on_link_message("host", 10'499));
    EXPECT_TRUE(duplicates.on_link_message("host", 10'500));
    EXPECT_FALSE(duplicates.on_link_message("other", 20'000));
}

TEST(DuplicateLinks, OneConnectionWaitsForEachHost) {
    DuplicateLinks duplicates(kHeartbeat);
    EXPECT_FALSE(duplicates.add("host", of(1, "run_1", 0)));
    EXPECT_EQ(duplicates.add("host", of(2, "run_2", 0)), 1U);
    EXPECT_FALSE(duplicates.waits("host", 1));
    EXPECT_TRUE(duplicates.waits("host", 2));
    duplicates.remove("host", 1);
    EXPECT_EQ(duplicates.take("host")->connection, 2U);
    EXPECT_FALSE(duplicates.take("host"));
}

TEST(DuplicateLinks, WhatCountsAgainstAProcessCountsOnWhenItConnectsAnew) {
    DuplicateLinks duplicates(kHeartbeat);
    duplicates.add("host", of(1, "run_1", 0));
    EXPECT_FALSE(duplicates.on_link_message("host", 300));
    duplicates.add("host", of(2, "run_1", 310));
    EXPECT_TRUE(duplicates.on_link_message("host", 600));
    duplicates.add("host", of(3, "run_2", 600));
    EXPECT_FALSE(duplicates.on_link_message("host", 900)) << "another process begins anew";
}

}  // namespace
}  // namespace evenkeel::bus
