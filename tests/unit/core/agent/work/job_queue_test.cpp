#include "core/agent/work/job_queue.hpp"

#include <gtest/gtest.h>

namespace evenkeel::agent {
namespace {

using Ids = std::vector<std::string>;

TEST(JobQueue, OrderHoldsWithinACollectionOnly) {
    JobQueue queue;
    queue.add("one", {"files"});
    queue.add("two", {"files"});
    queue.add("three", {"users"});
    EXPECT_EQ(queue.take_ready(), (Ids{"one", "three"}));
    EXPECT_EQ(queue.take_ready(), Ids{});
    queue.remove("one");
    EXPECT_EQ(queue.take_ready(), Ids{"two"});
}

TEST(JobQueue, AJobOfSeveralCollectionsWaitsForAllAndHoldsThem) {
    JobQueue queue;
    queue.add("users", {"users"});
    queue.add("both", {"files", "users"});
    queue.add("files", {"files"});
    EXPECT_EQ(queue.take_ready(), Ids{"users"});
    queue.remove("users");
    EXPECT_EQ(queue.take_ready(), Ids{"both"});
    queue.remove("both");
    EXPECT_EQ(queue.take_ready(), Ids{"files"});
}

TEST(JobQueue, AWaitingJobCanBeTakenOut) {
    JobQueue queue;
    queue.add("one", {"files"});
    queue.add("two", {"files"});
    queue.add("three", {"files"});
    queue.take_ready();
    queue.remove("two");
    queue.remove("one");
    EXPECT_EQ(queue.take_ready(), Ids{"three"});
}

}  // namespace
}  // namespace evenkeel::agent
