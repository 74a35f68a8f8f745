#include "core/agent/runs/command_end.hpp"

#include <gtest/gtest.h>

#include "core/agent/lanes/collection_registry.hpp"
#include "core/agent/model/catalog.hpp"
#include "core/agent/runs/decide.hpp"
#include "tests/unit/core/agent/runs/steps.hpp"
#include "tests/unit/core/temp_folder.hpp"

namespace evenkeel::agent {
namespace {

using test::ended;
using test::list_of;
using test::note;
using test::shout;
using test::step_of;
using wire::Outcome;

Step step_with(Outcome outcome) {
    return ended(step_of("one", Decision::apply), outcome);
}
const Step kSuperseded = ended(step_of("old", Decision::supersede), Outcome::skipped);

NotificationStep action_with(Outcome outcome) {
    NotificationStep step;
    step.notification = shout("bell");
    step.state = NotificationStep::State::finished;
    step.result.outcome = outcome;
    return step;
}

TEST(EndState, IsSupersededOnlyWhenAllOfItIs) {
    EXPECT_EQ(end_state(list_of({kSuperseded}), {}), wire::EndState::superseded);
    EXPECT_EQ(end_state(list_of({kSuperseded, step_with(Outcome::planned)}), {}),
              wire::EndState::succeeded);
    EXPECT_EQ(end_state(list_of({}), {}), wire::EndState::succeeded);
}

TEST(EndState, OneFailureFailsTheCommand) {
    EXPECT_EQ(end_state(list_of({step_with(Outcome::done), step_with(Outcome::failed)}), {}),
              wire::EndState::failed);
    Step skipped = step_of("two", Decision::apply);
    skip(skipped, {Errc::conflict, "cancelled"});
    EXPECT_EQ(end_state(list_of({skipped}), {}), wire::EndState::succeeded);
    skip(skipped, {Errc::conflict, "it requires one"}, note("one"));
    EXPECT_EQ(end_state(list_of({skipped}), {}), wire::EndState::failed);
    EXPECT_EQ(end_state(list_of({step_with(Outcome::done)}), {action_with(Outcome::failed)}),
              wire::EndState::failed);
    EXPECT_EQ(end_state(list_of({step_with(Outcome::done)}), {action_with(Outcome::skipped)}),
              wire::EndState::succeeded);
}

class EndOfCommand : public testing::Test {
  protected:
    EndOfCommand() {
        store.emplace(std::move(AgentStore::open(folder / "state").value()));
        for (const char* id : {"one", "old"}) {
            Metadata metadata;
            metadata.ref = note(id);
            catalog.put(metadata);
        }
    }
    RunEnd end_of(std::vector<Step> steps, Intent intent) {
        return agent::end_of(list_of(std::move(steps), std::move(intent)), {},
                             {catalog, registry, *store});
    }

    evenkeel::test::TempFolder folder;
    std::optional<AgentStore> store;
    Catalog catalog;
    CollectionRegistry registry;
};

TEST_F(EndOfCommand, WhatWasDoneIsObservedAndToldWhenItIsLocal) {
    RunEnd end = end_of({step_with(Outcome::done), kSuperseded}, {wire::Verb::apply});
    ASSERT_EQ(end.observations.size(), 1U);
    EXPECT_EQ(end.observations[0].ref, note("one"));
    EXPECT_TRUE(end.drafts.empty());
    end = end_of({step_with(Outcome::done)}, {wire::Verb::apply, wire::Origin::local});
    EXPECT_EQ(end.drafts.size(), 1U);
}

TEST_F(EndOfCommand, ARemovalDropsAndIsRememberedAFailedOneIsObserved) {
    Step removed = ended(step_of("one", Decision::remove), Outcome::done);
    removed.request.generation = {"stream", 7};
    RunEnd end = end_of({removed}, {wire::Verb::remove});
    EXPECT_EQ(end.drops, std::vector{note("one")});
    EXPECT_EQ(end.tombstones.size(), 1U);
    EXPECT_TRUE(end.observations.empty());
    end = end_of({ended(std::move(removed), Outcome::failed)}, {wire::Verb::remove});
    EXPECT_TRUE(end.drops.empty());
    EXPECT_TRUE(end.tombstones.empty());
    EXPECT_EQ(end.observations.size(), 1U);
}

TEST_F(EndOfCommand, WhatIsForgottenWithItsSecretIsRemembered) {
    Step forgotten = ended(step_of("one", Decision::forget), Outcome::done);
    EXPECT_TRUE(end_of({forgotten}, {wire::Verb::forget}).tombstones.empty());
    forgotten.description.metadata.left_secret = true;
    const RunEnd end = end_of({forgotten}, {wire::Verb::forget});
    ASSERT_EQ(end.tombstones.size(), 1U);
    EXPECT_TRUE(end.tombstones[0].left_secret);
}

TEST_F(EndOfCommand, WhatWasSkippedLeavesNothing) {
    Step skipped = step_of("one", Decision::remove);
    skip(skipped, {Errc::cancelled, "cancelled"});
    const RunEnd end = end_of({skipped}, {wire::Verb::remove});
    EXPECT_TRUE(end.drops.empty());
    EXPECT_TRUE(end.observations.empty());
}

}  // namespace
}  // namespace evenkeel::agent
