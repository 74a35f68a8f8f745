#include "core/link/connection_slots.hpp"

#include <algorithm>
#include <deque>
#include <random>

#include <gtest/gtest.h>

namespace evenkeel::link {
namespace {

using namespace std::chrono_literals;
using Id = ConnectionSlots::Id;
using Time = ConnectionSlots::Clock::time_point;

constexpr ConnectionSlots::Limits kLimits{.taken_max = 4,
                                          .waiting_min = 2,
                                          .per_source_max = 100,
                                          .handshake_timeout = 10s,
                                          .request_timeout = 5s,
                                          .close_timeout = 2s};
const std::vector<Id> kNone;

class ConnectionSlotsTest : public testing::Test {
  protected:
    std::optional<Id> arrive(Id id, const std::string& source) {
        return slots.arrive(id, source, now);
    }

    ConnectionSlots slots{kLimits};
    Time now;
};

TEST_F(ConnectionSlotsTest, TheOldestOfTheSourceThatHasMostIsEvicted) {
    for (const Id id : {1, 2}) EXPECT_FALSE(arrive(id, "a"));
    for (const Id id : {3, 4}) EXPECT_FALSE(arrive(id, "b"));
    EXPECT_EQ(arrive(5, "b"), 3U);
    EXPECT_EQ(arrive(6, "c"), 1U) << "of two with equally many, the one that has them for longer";
    EXPECT_EQ(arrive(7, "c"), 4U);
    EXPECT_EQ(slots.waiting(), 4U);
}

TEST_F(ConnectionSlotsTest, ThoseThatWaitShareWhatIsNotHeldAndAlwaysHaveAFew) {
    for (Id id = 1; id <= 4; ++id) {
        EXPECT_FALSE(arrive(id, "agents"));
        EXPECT_TRUE(slots.take(id));
    }
    EXPECT_FALSE(arrive(11, "strangers"));
    EXPECT_FALSE(arrive(12, "strangers"));
    EXPECT_EQ(arrive(13, "strangers"), 11U);
    EXPECT_EQ(arrive(5, "agents"), 12U);
    EXPECT_FALSE(slots.take(5)) << "all are taken";
    slots.leave(1);
    EXPECT_TRUE(slots.take(5));
    EXPECT_EQ(slots.taken(), 4U);
}

TEST_F(ConnectionSlotsTest, ASourceLosesItsOldestThatHoldsNothingOrTheNewOne) {
    auto limits = kLimits;
    limits.per_source_max = 2;
    ConnectionSlots shared(limits);
    EXPECT_FALSE(shared.arrive(1, "a", now));
    EXPECT_TRUE(shared.take(1));
    EXPECT_FALSE(shared.arrive(2, "a", now));
    EXPECT_EQ(shared.arrive(3, "a", now), 2U);
    EXPECT_TRUE(shared.take(3));
    EXPECT_EQ(shared.arrive(4, "a", now), 4U);
    EXPECT_FALSE(shared.arrive(5, "b", now));
    shared.leave(4);
    EXPECT_EQ(shared.arrive(6, "a", now), 6U) << "what was evicted is not counted down again";
    shared.leave(1);
    EXPECT_FALSE(shared.arrive(7, "a", now));
}

TEST_F(ConnectionSlotsTest, AConnectionHoldsASlotUntilItsLastRequestIsDealtWith) {
    arrive(1, "a");
    EXPECT_TRUE(slots.take(1));
    EXPECT_TRUE(slots.take(1));
    EXPECT_EQ(slots.taken(), 1U);
    EXPECT_FALSE(slots.has_deadlines());
    slots.await_request(1, now);
    EXPECT_EQ(slots.taken(), 1U);
    EXPECT_FALSE(slots.has_deadlines());
    slots.await_request(1, now);
    EXPECT_EQ(slots.taken(), 0U);
    EXPECT_EQ(slots.waiting(), 1U);
    EXPECT_EQ(slots.take_overdue(now + 5s - 1ms), kNone);
    EXPECT_EQ(slots.take_overdue(now + 5s), std::vector<Id>{1});
    EXPECT_EQ(slots.waiting(), 0U);
}

TEST_F(ConnectionSlotsTest, TheEndOfARequestMayEvictTheOldest) {
    for (Id id = 1; id <= 4; ++id) {
        arrive(id, "a");
        slots.take(id);
    }
    arrive(5, "b");
    arrive(6, "b");
    EXPECT_EQ(slots.await_request(1, now), 5U);
    EXPECT_EQ(slots.await_request(2, now), 1U);
    EXPECT_EQ(slots.taken(), 2U);
    EXPECT_EQ(slots.waiting(), 2U);
}

TEST_F(ConnectionSlotsTest, EachStepHasItsTime) {
    arrive(1, "a");
    now += 1s;
    arrive(2, "a");
    slots.await_request(2, now);
    arrive(3, "a");
    slots.take(3);
    slots.closing(3, now);
    EXPECT_FALSE(slots.take(3)) << "it is being closed";
    slots.await_request(3, now);
    EXPECT_EQ(slots.taken(), 1U);
    EXPECT_EQ(slots.take_overdue(now + 2s), std::vector<Id>{3});
    EXPECT_EQ(slots.taken(), 0U);
    EXPECT_EQ(slots.take_overdue(now + 5s), std::vector<Id>{2});
    EXPECT_EQ(slots.take_overdue(now + 9s), std::vector<Id>{1});
    EXPECT_FALSE(slots.has_deadlines());
}

TEST_F(ConnectionSlotsTest, WhatIsUnknownHasNoEffect) {
    EXPECT_FALSE(slots.take(1));
    EXPECT_FALSE(slots.await_request(1, now));
    slots.closing(1, now);
    slots.leave(1);
    EXPECT_FALSE(slots.has_deadlines());
    EXPECT_EQ(slots.taken() + slots.waiting(), 0U);
}

// The same said plainly, at a cost of O(connections).
struct Model {
    struct One {
        Id id;
        std::string source;
        std::size_t uses = 0;
    };
    std::deque<One> all;  // in the order in which they began to wait

    std::size_t taken() const {
        return static_cast<std::size_t>(
            std::count_if(all.begin(), all.end(), [](const One& one) { return one.uses > 0; }));
    }
    std::size_t waiting_of(const std::string& source) const {
        return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [&](const One& one) {
            return one.uses == 0 && one.source == source;
        }));
    }
    // Whether this one may be evicted now: the oldest of a source that has most.
    bool is_right(Id evicted) const {
        std::size_t most = 0;
        for (const One& one : all) most = std::max(most, waiting_of(one.source));
        for (const One& one : all) {
            if (one.uses > 0 || waiting_of(one.source) != most) continue;
            if (one.id == evicted) return true;
        }
        return false;
    }
    bool is_oldest_of_its_source(Id evicted) const {
        const auto found =
            std::find_if(all.begin(), all.end(), [&](const One& one) { return one.id == evicted; });
        return std::none_of(all.begin(), found, [&](const One& one) {
            return one.uses == 0 && one.source == found->source;
        });
    }
    void remove(Id id) {
        std::erase_if(all, [id](const One& one) { return one.id == id; });
    }
};

TEST_F(ConnectionSlotsTest, AgreesWithAPlainModelOverRandomSteps) {
    std::mt19937 random(20261129);
    Model model;
    Id last = 0;
    int evictions = 0;
    for (int step = 0; step < 50'000; ++step) {
        std::optional<Id> evicted;
        const auto pick = model.all.empty() ? 0 : random() % model.all.size();
        switch (model.all.empty() ? 0 : random() % 6) {
            case 0:
            case 1:
            case 2: {
                // Some sources have many.
                const std::string source = std::to_string(std::min(random() % 8, random() % 8));
                model.all.push_back({++last, source});
                evicted = slots.arrive(last, source, now);
                break;
            }
            case 3: {
                const bool free = model.taken() < kLimits.taken_max || model.all[pick].uses > 0;
                EXPECT_EQ(slots.take(model.all[pick].id), free);
                if (free) ++model.all[pick].uses;
                break;
            }
            case 4: {
                Model::One one = model.all[pick];
                if (one.uses == 1) {
                    model.remove(one.id);
                    model.all.push_back({one.id, one.source});
                } else if (one.uses > 1) {
                    --model.all[pick].uses;
                }
                evicted = slots.await_request(one.id, now);
                break;
            }
            default:
                slots.leave(model.all[pick].id);
                model.remove(model.all[pick].id);
        }
        if (evicted) {
            ++evictions;
            ASSERT_TRUE(model.is_right(*evicted) && model.is_oldest_of_its_source(*evicted));
            model.remove(*evicted);
        }
        ASSERT_EQ(slots.taken(), model.taken());
        ASSERT_EQ(slots.waiting(), model.all.size() - model.taken());
        ASSERT_LE(slots.waiting(),
                  std::max(kLimits.waiting_min, kLimits.taken_max - model.taken()));
    }
    EXPECT_GT(evictions, 1'000);
}

}  // namespace
}  // namespace evenkeel::link
