#include "core/agent/work/job.hpp"

#include <gtest/gtest.h>

namespace evenkeel::agent {
namespace {

Step step_with(wire::Outcome outcome, std::optional<Error> error = std::nullopt) {
    Step step;
    step.done.outcome = outcome;
    step.done.error = std::move(error);
    return step;
}

TEST(EndState, OneFailureFailsTheJobAndOnlyAllSupersededIsSuperseded) {
    const Error older{Errc::conflict, "superseded"};
    Job job;
    job.steps = {step_with(wire::Outcome::done), step_with(wire::Outcome::planned)};
    EXPECT_EQ(end_state(job), wire::EndState::succeeded);
    job.steps.push_back(step_with(wire::Outcome::skipped, older));
    job.steps.back().superseded = true;
    EXPECT_EQ(end_state(job), wire::EndState::succeeded);
    job.steps.push_back(step_with(wire::Outcome::failed, Error{}));
    EXPECT_EQ(end_state(job), wire::EndState::failed);
    job.steps = {step_with(wire::Outcome::skipped, older)};
    job.steps.back().superseded = true;
    EXPECT_EQ(end_state(job), wire::EndState::superseded);
    job.steps.front().superseded = false;
    job.steps.front().root = {"notes", "one"};
    EXPECT_EQ(end_state(job), wire::EndState::failed);
    job.is_cancelled = true;
    EXPECT_EQ(end_state(job), wire::EndState::cancelled);
}

}  // namespace
}  // namespace evenkeel::agent
