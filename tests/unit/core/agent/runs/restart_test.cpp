#include "core/agent/runs/restart.hpp"

#include <gtest/gtest.h>

#include "core/agent/model/records.hpp"

namespace evenkeel::agent {
namespace {

RestartDecision decision(wire::Verb verb, InboxCommand::State state) {
    InboxCommand command;
    command.verb = verb;
    command.state = state;
    return decide_at_restart(command);
}

TEST(Restart, AnActionThatHadBegunIsInterruptedAndNotRepeated) {
    EXPECT_EQ(decision(wire::Verb::invoke, InboxCommand::State::running),
              RestartDecision::interrupt);
}

TEST(Restart, WhatHadNotBegunRuns) {
    EXPECT_EQ(decision(wire::Verb::invoke, InboxCommand::State::accepted), RestartDecision::run);
    EXPECT_EQ(decision(wire::Verb::apply, InboxCommand::State::accepted), RestartDecision::run);
}

TEST(Restart, WhatMayBeRepeatedRunsAgain) {
    EXPECT_EQ(decision(wire::Verb::apply, InboxCommand::State::running), RestartDecision::run);
    EXPECT_EQ(decision(wire::Verb::remove, InboxCommand::State::running), RestartDecision::run);
}

TEST(Restart, WhatIsFinishedIsKeptOnlyToRecogniseIt) {
    for (const wire::Verb verb : {wire::Verb::apply, wire::Verb::invoke}) {
        EXPECT_EQ(decision(verb, InboxCommand::State::finished), RestartDecision::keep);
    }
}

}  // namespace
}  // namespace evenkeel::agent
