#include "core/agent/runs/due_actions.hpp"

#include <gtest/gtest.h>

#include "core/agent/model/catalog.hpp"
#include "tests/unit/core/agent/runs/steps.hpp"

namespace evenkeel::agent {
namespace {

using test::ended;
using test::list_of;
using test::note;
using test::shout;
using test::step_of;
using State = NotificationStep::State;
using Notifications = std::vector<wire::Notification>;

// A step that has changed something, so that its action is due.
Step ringing(const std::string& id, wire::Outcome outcome = wire::Outcome::done) {
    wire::Relations relations;
    relations.notified = {shout("bell")};
    Step step = ended(step_of(id, Decision::apply, relations), outcome);
    step.due = {true, Notifications{shout("bell")}};
    return step;
}

class DueActionsTest : public testing::Test {
  protected:
    DueActionsTest() {
        Metadata bell;
        bell.ref = note("bell");
        catalog.put(bell);
    }
    Notifications left(const StepList& steps, const std::vector<NotificationStep>& run) const {
        const auto after = pending_after(steps, run, catalog);
        return after.empty() ? Notifications{} : after.front().notices;
    }
    Catalog catalog;
};

TEST_F(DueActionsTest, NothingIsNotifiedUnderAudit) {
    Metadata metadata;
    metadata.relations.notified = {shout("bell")};
    EXPECT_EQ(notified_by(metadata).size(), 1U);
    metadata.policy = wire::Policy::audit;
    EXPECT_TRUE(notified_by(metadata).empty());
}

TEST_F(DueActionsTest, WithoutAChangeOnlyThatIsOwedWhatWasAndIsStillAskedFor) {
    Metadata metadata;
    metadata.ref = note("file");
    metadata.relations.notified = {shout("bell"), shout("horn")};
    catalog.put(PendingNotifications{metadata.ref, {shout("bell"), shout("gong")}});
    EXPECT_EQ(due_after(metadata, true, catalog), metadata.relations.notified);
    EXPECT_EQ(due_after(metadata, false, catalog), Notifications{shout("bell")});
}

TEST_F(DueActionsTest, AnActionIsDueOnceForAllItsSources) {
    const auto due = due_notifications(list_of({ringing("one"), ringing("two")}), catalog);
    ASSERT_EQ(due.size(), 1U);
    EXPECT_EQ(due[0].state, State::waiting);
    EXPECT_EQ(due[0].sources, (std::vector{note("one"), note("two")}));
}

TEST_F(DueActionsTest, AFailureMakesNothingDueAndEverythingOwed) {
    const StepList steps = list_of({ringing("one", wire::Outcome::failed)});
    EXPECT_TRUE(due_notifications(steps, catalog).empty());
    EXPECT_EQ(left(steps, {}), Notifications{shout("bell")});
}

TEST_F(DueActionsTest, WhatIsNotDescribedIsOwedNothing) {
    const StepList steps =
        list_of({ringing("one"), ended(step_of("bell", Decision::forget), wire::Outcome::done)});
    const auto due = due_notifications(steps, catalog);
    EXPECT_EQ(due.at(0).state, State::obsolete);
    EXPECT_TRUE(left(steps, due).empty());
    EXPECT_EQ(pending_after(steps, due, catalog).size(), 1U) << "the record is taken back";
}

TEST_F(DueActionsTest, OnWhatFailedOrIsUnderAuditNoActionRunsAndItStaysOwed) {
    const Error no{Errc::denied, "no"};
    for (Step bell : {ended(step_of("bell", Decision::apply), wire::Outcome::failed, no),
                      ended(step_of("bell", Decision::apply, {}, wire::Policy::audit),
                            wire::Outcome::planned)}) {
        const StepList steps = list_of({ringing("one"), std::move(bell)});
        const auto due = due_notifications(steps, catalog);
        EXPECT_EQ(due.at(0).state, State::skipped);
        EXPECT_EQ(due.at(0).result.error->code, Errc::denied);
        EXPECT_EQ(left(steps, due), Notifications{shout("bell")});
    }
}

TEST_F(DueActionsTest, WhatHasRunIsOwedNoMore) {
    const StepList steps = list_of({ringing("one")});
    auto due = due_notifications(steps, catalog);
    due.at(0).result.outcome = wire::Outcome::done;
    EXPECT_TRUE(left(steps, due).empty());
    due.at(0).result.outcome = wire::Outcome::failed;
    EXPECT_EQ(left(steps, due), Notifications{shout("bell")});
}

TEST_F(DueActionsTest, WhatWasNeverRecordedIsNotTakenBack) {
    Step step = ringing("one");
    step.due = {false, Notifications{}};
    const StepList steps = list_of({step});
    EXPECT_TRUE(pending_after(steps, {}, catalog).empty());
    catalog.put(PendingNotifications{note("one"), {shout("gong")}});
    EXPECT_EQ(pending_after(steps, {}, catalog).size(), 1U);
}

}  // namespace
}  // namespace evenkeel::agent
