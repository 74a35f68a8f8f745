#include "orchestrator/commands/transitions.hpp"

#include <optional>
#include <ostream>
#include <vector>

#include <gtest/gtest.h>

namespace evenkeel::commands {
namespace {

using state::CommandState;
using enum CommandState;

struct Row {
    CommandState from;
    Transition transition;
    std::optional<CommandState> to;  // nothing: it cannot happen
};

// Every state that is not finished against every step. Finished ones take none, see below.
const std::vector<Row> kTable = {
    {queued, Transition::accepted, sent},
    {queued, Transition::refused, failed},
    {queued, Transition::started, running},
    {queued, Transition::succeeded, succeeded},
    {queued, Transition::failed, failed},
    {queued, Transition::cancelled, cancelled},
    {queued, Transition::superseded, superseded},
    {queued, Transition::interrupted, interrupted},
    {queued, Transition::expired, expired},
    {queued, Transition::withdrawn, cancelled},
    {queued, Transition::replaced, superseded},
    {queued, Transition::lost, queued},
    {sent, Transition::accepted, sent},
    {sent, Transition::refused, std::nullopt},
    {sent, Transition::started, running},
    {sent, Transition::succeeded, succeeded},
    {sent, Transition::failed, failed},
    {sent, Transition::cancelled, cancelled},
    {sent, Transition::superseded, superseded},
    {sent, Transition::interrupted, interrupted},
    {sent, Transition::expired, expired},
    {sent, Transition::withdrawn, std::nullopt},
    {sent, Transition::replaced, std::nullopt},
    {sent, Transition::lost, queued},
    {running, Transition::accepted, running},
    {running, Transition::refused, std::nullopt},
    {running, Transition::started, running},
    {running, Transition::succeeded, succeeded},
    {running, Transition::failed, failed},
    {running, Transition::cancelled, cancelled},
    {running, Transition::superseded, superseded},
    {running, Transition::interrupted, interrupted},
    {running, Transition::expired, expired},
    {running, Transition::withdrawn, std::nullopt},
    {running, Transition::replaced, std::nullopt},
    {running, Transition::lost, queued},
};

TEST(Machine, DoesWhatTheTableSays) {
    for (const Row& row : kTable) {
        const auto next = next_state(row.from, row.transition);
        const std::string what = std::string(state::to_string(row.from)) + " step " +
                                 std::to_string(static_cast<int>(row.transition));
        if (row.to) {
            ASSERT_TRUE(next) << what;
            EXPECT_EQ(*next, *row.to) << what;
        } else {
            EXPECT_FALSE(next) << what;
        }
    }
}

TEST(Machine, WhatIsFinishedStaysFinished) {
    for (const CommandState end :
         {succeeded, failed, expired, cancelled, superseded, interrupted}) {
        for (int transition = 0; transition <= static_cast<int>(Transition::lost); ++transition) {
            EXPECT_EQ(next_state(end, static_cast<Transition>(transition)).error().code,
                      Errc::conflict);
        }
    }
}

TEST(Machine, OnlyEndsAreOutcomes) {
    EXPECT_EQ(*transition_of("superseded"), Transition::superseded);
    EXPECT_FALSE(transition_of("running"));
    EXPECT_FALSE(transition_of("nonsense"));
}

}  // namespace
}  // namespace evenkeel::commands
