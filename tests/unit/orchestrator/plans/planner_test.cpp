#include "tests/support/wait.hpp"
#include "tests/unit/orchestrator/plans/planner_fixture.hpp"

namespace evenkeel::plans {
namespace {

TEST_F(PlannerTest, WhatIsEditedIsThereAndAgainAfterARestart) {
    const auto answer = edit(put(ModelKind::environment, "prod", R"({"protected": true})"));
    ASSERT_TRUE(answer) << answer.error().what;
    EXPECT_GT(answer->revision, 0U);
    EXPECT_TRUE(planner_->model()->environment("prod")->is_protected);
    open_planner();
    ASSERT_TRUE(planner_->model()->environment("prod"));
    EXPECT_EQ(planner_->model()->revision(), answer->revision);
}

TEST_F(PlannerTest, ThereIsAlwaysTheDefaultEnvironment) {
    const auto kept = read().model_objects().find(ModelKind::environment, "default");
    ASSERT_TRUE(kept && *kept);
    const std::uint64_t revision = (*kept)->revision;
    EXPECT_GT(revision, 0U);
    open_planner();
    EXPECT_EQ((*read().model_objects().find(ModelKind::environment, "default"))->revision,
              revision);
}

TEST_F(PlannerTest, AnAssignmentHasChangedWithOneOfItsSettings) {
    ASSERT_TRUE(edit(put(ModelKind::application, "web", R"({"resources": []})")));
    ASSERT_TRUE(edit(put(ModelKind::assignment, "web", R"({"application": "web"})")));
    const auto setting = edit(put(ModelKind::setting, "assignment:web port", R"({"value": 80})"));
    ASSERT_TRUE(setting);
    const auto kept = *read().model_objects().find(ModelKind::assignment, "web");
    EXPECT_EQ(kept->revision, setting->revision);
    EXPECT_EQ(kept->body.string_or("application"), "web");
}

TEST_F(PlannerTest, ARefusedEditChangesNothingAndSaysWhere) {
    const auto answer = edit(put(ModelKind::environment, "prod/eu", "{}"));
    ASSERT_TRUE(answer);
    ASSERT_EQ(answer->wrong.size(), 1U);
    EXPECT_EQ(answer->wrong[0].code, "not-found");
    EXPECT_FALSE(planner_->model()->environment("prod/eu"));
}

TEST_F(PlannerTest, ADryRunTellsTheModelAndStoresNothing) {
    EditRequest request = put(ModelKind::environment, "prod", "{}");
    request.is_dry_run = true;
    const auto answer = edit(std::move(request));
    ASSERT_TRUE(answer);
    EXPECT_TRUE(answer->model->environment("prod"));
    EXPECT_FALSE(planner_->model()->environment("prod"));
    EXPECT_FALSE(*read().model_objects().find(ModelKind::environment, "prod"));
}

TEST_F(PlannerTest, AGuardThatRefusesLeavesTheModelAsItWas) {
    EditRequest request = put(ModelKind::environment, "prod", "{}");
    request.guard = [](const state::View&) -> Result<void> { return fail(Errc::conflict, "no"); };
    const auto answer = edit(std::move(request));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, Errc::conflict);
    EXPECT_FALSE(planner_->model()->environment("prod"));
}

TEST_F(PlannerTest, EditsThatComeTogetherSeeEachOther) {
    int left = 2;
    std::vector<std::size_t> wrong;
    const auto note = [&](const Result<EditAnswer>& answer) {
        ASSERT_TRUE(answer);
        wrong.push_back(answer->wrong.size());
        --left;
    };
    planner_->edit(put(ModelKind::environment, "prod", "{}"), note);
    planner_->edit(put(ModelKind::environment, "prod/eu", "{}"), note);
    loop_.run_until([&] { return left == 0; }, test::kPatience);
    EXPECT_EQ(wrong, (std::vector<std::size_t>{0, 0}));
    EXPECT_TRUE(planner_->model()->environment("prod/eu"));
}

TEST_F(PlannerTest, AnEditThatChangesNothingHasNoRevision) {
    ASSERT_TRUE(edit(put(ModelKind::application, "web", R"({"resources": []})")));
    const auto again = edit(put(ModelKind::application, "web", R"({"resources": []})"));
    ASSERT_TRUE(again);
    EXPECT_EQ(again->revision, 0U);
}

TEST_F(PlannerTest, EachObjectThatChangesIsAnEvent) {
    ASSERT_TRUE(edit(put(ModelKind::environment, "prod", "{}")));
    ASSERT_TRUE(edit({.changes = {{ModelKind::environment, "prod", {}}}}));
    EXPECT_EQ(events_of_model(),
              (std::vector<std::string>{"environment.changed", "environment.changed"}));
}

}  // namespace
}  // namespace evenkeel::plans
