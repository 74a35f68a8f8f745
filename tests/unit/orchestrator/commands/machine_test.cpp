#include "orchestrator/commands/machine.hpp"

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
    Step step;
    std::optional<CommandState> to;  // nothing: it cannot happen
};

// Every state that is not finished against every step. Finished ones take none, see below.
const std::vector<Row> kTable = {
    {queued, Step::accepted, sent},
    {queued, Step::refused, failed},
    {queued, Step::started, running},
    {queued, Step::succeeded, succeeded},
    {queued, Step::failed, failed},
    {queued, Step::cancelled, cancelled},
    {queued, Step::superseded, superseded},
    {queued, Step::interrupted, interrupted},
    {queued, Step::expired, expired},
    {queued, Step::withdrawn, cancelled},
    {queued, Step::replaced, superseded},
    {queued, Step::lost, queued},
    {sent, Step::accepted, sent},
    {sent, Step::refused, std::nullopt},
    {sent, Step::started, running},
    {sent, Step::succeeded, succeeded},
    {sent, Step::failed, failed},
    {sent, Step::cancelled, cancelled},
    {sent, Step::superseded, superseded},
    {sent, Step::interrupted, interrupted},
    {sent, Step::expired, expired},
    {sent, Step::withdrawn, std::nullopt},
    {sent, Step::replaced, std::nullopt},
    {sent, Step::lost, queued},
    {running, Step::accepted, running},
    {running, Step::refused, std::nullopt},
    {running, Step::started, running},
    {running, Step::succeeded, succeeded},
    {running, Step::failed, failed},
    {running, Step::cancelled, cancelled},
    {running, Step::superseded, superseded},
    {running, Step::interrupted, interrupted},
    {running, Step::expired, expired},
    {running, Step::withdrawn, std::nullopt},
    {running, Step::replaced, std::nullopt},
    {running, Step::lost, queued},
};

TEST(Machine, DoesWhatTheTableSays) {
    for (const Row& row : kTable) {
        const auto next = next_state(row.from, row.step);
        const std::string what = std::string(state::to_string(row.from)) + " step " +
                                 std::to_string(static_cast<int>(row.step));
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
        for (int step = 0; step <= static_cast<int>(Step::lost); ++step) {
            EXPECT_EQ(next_state(end, static_cast<Step>(step)).error().code, Errc::conflict);
        }
    }
}

TEST(Machine, OnlyEndsAreOutcomes) {
    EXPECT_EQ(*outcome_step("superseded"), Step::superseded);
    EXPECT_FALSE(outcome_step("running"));
    EXPECT_FALSE(outcome_step("nonsense"));
}

}  // namespace
}  // namespace evenkeel::commands
