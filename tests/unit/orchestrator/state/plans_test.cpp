#include "orchestrator/state/plans.hpp"

#include "core/base/id.hpp"
#include "orchestrator/state/list.hpp"
#include "tests/unit/orchestrator/fixture.hpp"

namespace evenkeel::state {
namespace {

class PlansTest : public test::StateTest {
  protected:
    static Plan plan_until(std::int64_t expires_at_ms, PlanState state = PlanState::open) {
        return {.id = make_id("plan"),
                .state = state,
                .author = "anna",
                .created_at = "2026-01-01T00:00:00Z",
                .expires_at_ms = expires_at_ms,
                .hash = "abc"};
    }
    static PlanContent content_of(std::size_t groups) {
        PlanContent content{.changes = {"shown"}, .more_groups = 7, .more_errors = 2};
        for (std::size_t i = 0; i < groups; ++i) content.groups.emplace_back(std::uint64_t{i});
        return content;
    }
    Plan added(Plan plan, const PlanContent& content = {}) {
        change([&](Edit& edit) { return edit.plans().add(plan, content, "sealed"); });
        return plan;
    }
    std::vector<std::string> ids() {
        std::vector<std::string> ids;
        const auto view = read();
        EXPECT_TRUE(view.plans().list().walk(view, [&](const Entry& entry) {
            ids.emplace_back(Plans::id_of(entry));
            return true;
        }));
        return ids;
    }
    std::vector<std::uint64_t> groups_behind(const std::string& id, std::size_t skipped) {
        std::vector<std::uint64_t> groups;
        const auto view = read();
        EXPECT_TRUE(view.plans().groups(id, skipped).walk(view, [&](const Entry& entry) {
            groups.push_back(static_cast<std::uint64_t>(Plans::read_group(entry)->as_integer()));
            return true;
        }));
        return groups;
    }
};

TEST_F(PlansTest, WhatIsShownIsKeptAndTheRestOfItsGroupsApart) {
    const Plan plan = added(plan_until(10), content_of(300));
    const auto kept = read().plans().find(plan.id);
    ASSERT_TRUE(kept && *kept);
    EXPECT_EQ(encode(**kept), encode(plan));
    EXPECT_GT(plan.revision, 0U);
    const auto content = read().plans().content(plan.id, 100);
    ASSERT_TRUE(content) << content.error().what;
    EXPECT_EQ(content->groups.size(), 100U);
    EXPECT_EQ(content->more_groups, 207U);
    EXPECT_EQ(content->more_errors, 2U);
    EXPECT_EQ(content->changes, json::Array{"shown"});
    const auto behind = groups_behind(plan.id, 298);
    EXPECT_EQ(behind, (std::vector<std::uint64_t>{298, 299}));
}

TEST_F(PlansTest, OneThatEndsKeepsWhatIsShownAndNotItsChanges) {
    Plan plan = added(plan_until(10), content_of(1));
    EXPECT_EQ(*read().plans().sealed_changes(plan.id), "sealed");
    plan.state = PlanState::applied;
    change([&](Edit& edit) { return edit.plans().put(plan); });
    EXPECT_FALSE(*read().plans().sealed_changes(plan.id));
    EXPECT_FALSE(*read().plans().any_overdue(INT64_MAX - 1));
    EXPECT_EQ(read().plans().content(plan.id, 100)->groups.size(), 1U);
    EXPECT_FALSE((*read().plans().find(plan.id))->ended_at.empty());
    EXPECT_EQ(last_event("plan.changed").string_or("state"), "applied");
}

TEST_F(PlansTest, ThoseThatArePendingExpire) {
    const Plan late = added(plan_until(20));
    Plan soon = plan_until(10);
    soon.state = PlanState::approved;
    soon = added(soon);
    EXPECT_FALSE(*read().plans().any_overdue(9));
    EXPECT_TRUE(*read().plans().any_overdue(10));
    change([](Edit& edit) { return edit.plans().expire(15, 100); });
    EXPECT_EQ((*read().plans().find(soon.id))->state, PlanState::expired);
    EXPECT_EQ((*read().plans().find(late.id))->state, PlanState::open);
    EXPECT_FALSE(*read().plans().sealed_changes(soon.id));
    EXPECT_FALSE(*read().plans().any_overdue(15));
}

TEST_F(PlansTest, OldOnesThatHaveEndedAreErasedAndThoseBeyondSoMany) {
    std::vector<std::string> made;
    for (int i = 0; i < 6; ++i) {
        made.push_back(
            added(plan_until(10, i == 0 ? PlanState::open : PlanState::applied), content_of(2)).id);
    }
    change([](Edit& edit) { return edit.plans().erase_ended("2026-01-01T00:00:00Z", 4, 100); });
    EXPECT_EQ(ids(), (std::vector<std::string>{made[0], made[3], made[4], made[5]}));
    EXPECT_TRUE(groups_behind(made[1], 0).empty());
    EXPECT_EQ(groups_behind(made[3], 0).size(), 2U);
    change([](Edit& edit) { return edit.plans().erase_ended("2026-01-01T00:00:01Z", 4, 2); });
    EXPECT_EQ(ids(), (std::vector<std::string>{made[0], made[5]}));
}

TEST_F(PlansTest, OnlySoManyWait) {
    change([](Edit& edit) -> Result<void> {
        for (std::size_t i = 0; i < kPendingPlansMost; ++i) {
            Plan plan = plan_until(10);
            EK_CHECK(edit.plans().add(plan, {}, ""));
        }
        return {};
    });
    Plan plan = plan_until(10);
    const auto refused = try_change([&](Edit& edit) { return edit.plans().add(plan, {}, ""); });
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::conflict);
    added(plan_until(0, PlanState::applied));
    Plan of_system = plan_until(10);
    of_system.author = kSystemAuthor;
    added(of_system);
}

TEST_F(PlansTest, ThoseOfTheSystemAreKnownUntilTheyAreErased) {
    EXPECT_EQ(read().plans().of_system()->last, "");
    const Plan plan = added(plan_until(0, PlanState::stale), content_of(2));
    change([&](Edit& edit) {
        return edit.plans().put_of_system({.last = "plan_2", .replaced = {plan.id}});
    });
    EXPECT_EQ(read().plans().of_system()->last, "plan_2");
    EXPECT_EQ(read().plans().of_system()->replaced, std::vector<std::string>{plan.id});
    change([&](Edit& edit) { return edit.plans().erase(plan.id); });
    EXPECT_TRUE(ids().empty());
    EXPECT_TRUE(groups_behind(plan.id, 0).empty());
}

}  // namespace
}  // namespace evenkeel::state
