#include "core/agent/compliance/check_queue.hpp"

#include <gtest/gtest.h>

namespace evenkeel::agent {
namespace {

using Ids = std::vector<std::string>;

Ids ids_of(const std::vector<CheckQueue::Request>& requests) {
    Ids ids;
    for (const auto& [id, trigger] : requests) ids.push_back(id);
    return ids;
}

class Queue : public testing::Test {
  protected:
    std::vector<CheckQueue::Request> take(std::size_t most, std::uint64_t now) {
        return queue.take(most, now, [this](const std::string& id) {
            ++asked;
            const auto found = due.find(id);
            return found == due.end() ? 0 : found->second;
        });
    }

    CheckQueue queue;
    std::map<std::string, std::uint64_t> due;
    std::size_t asked = 0;
};

TEST_F(Queue, GivesWhatAnEventAnnouncedFirstAndTheOthersById) {
    queue.add("b", CheckTrigger::sweep, 0);
    queue.add("a", CheckTrigger::check, 0);
    queue.add("z", CheckTrigger::event, 2);
    queue.add("y", CheckTrigger::event, 3);
    EXPECT_EQ(ids_of(take(3, 10)), (Ids{"z", "y", "a"}));
    EXPECT_EQ(ids_of(take(3, 10)), (Ids{"b"}));
    EXPECT_TRUE(queue.empty());
}

TEST_F(Queue, KeepsTheFirstReasonUnlessAnEventComes) {
    queue.add("a", CheckTrigger::check, 0);
    queue.add("a", CheckTrigger::sweep, 0);
    queue.add("b", CheckTrigger::sweep, 0);
    queue.add("b", CheckTrigger::event, 1);
    queue.add("b", CheckTrigger::check, 0);
    const auto taken = take(5, 1);
    ASSERT_EQ(taken.size(), 2U);
    EXPECT_EQ(taken[0], CheckQueue::Request("b", CheckTrigger::event));
    EXPECT_EQ(taken[1], CheckQueue::Request("a", CheckTrigger::check));
}

TEST_F(Queue, LetsOneRestThatWasCheckedAfterItWasAnnounced) {
    queue.add("a", CheckTrigger::event, 1);
    due["a"] = 20;
    EXPECT_TRUE(take(5, 10).empty());
    EXPECT_EQ(queue.next_due(), 20U);
    EXPECT_TRUE(queue.announced("a"));
    EXPECT_EQ(ids_of(take(5, 20)), (Ids{"a"}));
    EXPECT_FALSE(queue.contains("a"));
}

TEST_F(Queue, LooksOnlyAtWhatItTakesHoweverManyWait) {
    for (int i = 0; i < 10'000; ++i) {
        queue.add("resting " + std::to_string(i), CheckTrigger::event, 1'000'000);
        queue.add("waiting " + std::to_string(i), CheckTrigger::sweep, 0);
    }
    for (int i = 0; i < 10; ++i) queue.add("due " + std::to_string(i), CheckTrigger::event, 5);
    const auto taken = take(64, 10);
    EXPECT_EQ(taken.size(), 64U);
    EXPECT_EQ(taken.front().second, CheckTrigger::event);
    EXPECT_EQ(asked, 10U);
    EXPECT_EQ(queue.clear().size(), 20'010U - 64U);
    EXPECT_TRUE(queue.empty());
    EXPECT_EQ(queue.next_due(), 0U);
}

}  // namespace
}  // namespace evenkeel::agent
