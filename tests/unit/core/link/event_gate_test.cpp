#include "core/link/event_gate.hpp"

#include <deque>

#include <gtest/gtest.h>

namespace evenkeel::link {
namespace {

struct Events {
    std::function<void(int)> on_number;
};

TEST(EventGate, PassesEventsInOrderAndNoneOnceShut) {
    std::deque<std::function<void()>> queue;
    std::vector<int> seen;
    EventGate<Events> gate(Events{[&](int n) { seen.push_back(n); }},
                           [&](std::function<void()> work) { queue.push_back(std::move(work)); });
    for (int n = 1; n <= 3; ++n) {
        gate.post([n](const Events& events) { events.on_number(n); });
    }
    queue[0]();
    queue[1]();
    gate.shut();
    queue[2]();
    EXPECT_EQ(seen, (std::vector<int>{1, 2}));
}

}  // namespace
}  // namespace evenkeel::link
