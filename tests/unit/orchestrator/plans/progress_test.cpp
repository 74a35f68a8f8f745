#include "core/base/id.hpp"
#include "core/base/time.hpp"
#include "orchestrator/commands/queue.hpp"
#include "orchestrator/state/plan_hosts.hpp"
#include "orchestrator/state/plans.hpp"
#include "tests/unit/orchestrator/plans/planner_fixture.hpp"

// How far the hosts of an applied plan are.
namespace evenkeel::plans {
namespace {

const char* const kApplication = R"({"resources": [
    {"collection": "files", "id": "/etc/motd", "description": {"content": "{{text}}"}}]})";

class ProgressTest : public PlannerTest {
  protected:
    void SetUp() override {
        PlannerTest::SetUp();
        ASSERT_TRUE(edit(put(ModelKind::setting, "global text", R"({"value": "0"})")));
        ASSERT_TRUE(edit(put(ModelKind::application, "app", kApplication)));
    }

    // Kept as a plan, as the service does it.
    std::string apply(EditRequest request) {
        auto id = std::make_shared<std::string>();
        request.finish = [id](state::Edit& edit, const EditAnswer& answer) -> Result<void> {
            state::Plan plan;
            plan.id = make_id("plan");
            plan.state = state::PlanState::applied;
            plan.created_at = now_rfc3339();
            EK_CHECK(edit.plans().add(plan, {}, ""));
            EK_CHECK(
                state::PlanHostEdits(edit).begin(plan.id, answer.trial->planned, answer.commands));
            *id = plan.id;
            return {};
        };
        const auto answer = edit(std::move(request));
        EXPECT_TRUE(answer) << answer.error().what;
        EXPECT_TRUE(answer && answer->wrong.empty());
        return *id;
    }
    std::string assign() {
        return apply(put(ModelKind::assignment, "all", R"({"application": "app"})"));
    }
    std::string set(const char* value) {
        return apply(
            {.changes = {{ModelKind::setting, "global text", json::Object{{"value", value}}}}});
    }
    // "hosts waiting succeeded failed"
    std::string progress(const std::string& plan) {
        const state::PlanTally tally = *state::PlanHosts(read()).tally(plan);
        return std::to_string(tally.hosts) + " " + std::to_string(tally.waiting) + " " +
               std::to_string(tally.succeeded) + " " + std::to_string(tally.failed);
    }
    std::vector<state::Command> open() {
        std::vector<state::Command> all;
        const auto view = read();
        EXPECT_TRUE(view.commands().each_unfinished([&](const state::Command& command) {
            all.push_back(command);
            return true;
        }));
        return all;
    }
    void advance(const state::Command& command, commands::Transition how) {
        change([&](state::Edit& edit) -> Result<void> {
            EK_CHECK(commands::advance(edit, command.id, how));
            return {};
        });
    }
    // All that are open.
    void end_all(commands::Transition how = commands::Transition::succeeded) {
        for (const state::Command& command : open()) advance(command, how);
    }
    // All of it, as the host would.
    void carry_out() {
        release();
        end_all();
        settle();
    }
    std::size_t plan_events() {
        std::size_t count = 0;
        for (const std::string& type : event_types()) count += type == "plan.changed" ? 1 : 0;
        return count;
    }
};

TEST_F(ProgressTest, AHostWaitsUntilItsCommandsHaveEnded) {
    const std::string plan = assign();
    EXPECT_EQ(progress(plan), "1 1 0 0");
    release();
    EXPECT_EQ(progress(plan), "1 1 0 0");
    EXPECT_TRUE(*state::PlanHosts(read()).is_waiting(plan, host_));
    const std::size_t told = plan_events();
    end_all();
    EXPECT_EQ(progress(plan), "1 0 1 0");
    EXPECT_FALSE(*state::PlanHosts(read()).is_waiting(plan, host_));
    // The end is told, and nothing is left of the host.
    EXPECT_EQ(plan_events(), told + 1);
    EXPECT_EQ(progress("plan_of_nobody"), "0 0 0 0");
}

TEST_F(ProgressTest, ACommandThatDoesNotSucceedFails) {
    for (const auto how : {commands::Transition::failed, commands::Transition::expired,
                           commands::Transition::withdrawn}) {
        const std::string plan = how == commands::Transition::failed    ? assign()
                                 : how == commands::Transition::expired ? set("1")
                                                                        : set("2");
        release();
        end_all(how);
        EXPECT_EQ(progress(plan), "1 0 0 1");
    }
}

TEST_F(ProgressTest, EditsThatAreReleasedTogetherWaitForTheSameCommands) {
    const std::string first = assign();
    const std::string second = set("1");
    release();
    EXPECT_EQ(open().size(), 1U);
    EXPECT_EQ(progress(first), "1 1 0 0");
    EXPECT_EQ(progress(second), "1 1 0 0");
    end_all();
    EXPECT_EQ(progress(first), "1 0 1 0");
    EXPECT_EQ(progress(second), "1 0 1 0");
}

TEST_F(ProgressTest, WhatIsSupersededWaitsForWhatTakesItsPlace) {
    const std::string first = assign();
    release();
    const state::Command older = open().at(0);
    const std::string second = set("1");
    release();
    EXPECT_EQ(command(older.id).state, state::CommandState::superseded);
    EXPECT_EQ(progress(first), "1 1 0 0");
    end_all();
    EXPECT_EQ(progress(first), "1 0 1 0");
    EXPECT_EQ(progress(second), "1 0 1 0");
}

TEST_F(ProgressTest, WhatTheAgentSupersedesWaitsToo) {
    const std::string first = assign();
    release();
    const state::Command older = open().at(0);
    advance(older, commands::Transition::accepted);
    set("1");
    release();
    ASSERT_EQ(open().size(), 2U);
    advance(older, commands::Transition::superseded);
    EXPECT_EQ(progress(first), "1 1 0 0");
    end_all(commands::Transition::failed);
    EXPECT_EQ(progress(first), "1 0 0 1");
}

TEST_F(ProgressTest, AHostThatDoesNotCompileFails) {
    assign();
    release();
    end_all();
    EditRequest erase{.changes = {{ModelKind::setting, "global text", {}}}};
    erase.allows_errors = true;
    const std::string plan = apply(std::move(erase));
    EXPECT_EQ(progress(plan), "1 1 0 0");
    release();
    EXPECT_EQ(progress(plan), "1 0 0 1");
}

TEST_F(ProgressTest, AHostThatIsRetiredFails) {
    const std::string plan = assign();
    change_host([](state::Host& host) { host.enrolment = state::EnrolmentState::retired; });
    release();
    EXPECT_EQ(progress(plan), "1 0 0 1");
}

// Whether or not the host was released in between.
TEST_F(ProgressTest, WhatIsTakenBackAtOnceIsDoneToo) {
    assign();
    carry_out();
    const std::string there = set("1");
    set("0");
    release();
    end_all();
    EXPECT_EQ(progress(there), "1 0 1 0");
}

TEST_F(ProgressTest, AHostThatIsNotTouchedIsNotCounted) {
    assign();
    release();
    end_all();
    ASSERT_TRUE(edit(put(ModelKind::setting, "host:" + host_ + " text", R"({"value": "own"})")));
    carry_out();
    EXPECT_EQ(progress(set("2")), "0 0 0 0");
}

TEST_F(ProgressTest, WhatGoesCountsUntilItIsGone) {
    apply(put(ModelKind::assignment, "all", R"({"application": "app", "on_leave": "remove"})"));
    carry_out();
    const std::string plan = apply(put(ModelKind::application, "app", R"({"resources": [
        {"collection": "files", "id": "/etc/new", "description": {"content": "x"}}]})"));
    release();
    end_all();
    EXPECT_EQ(progress(plan), "1 1 0 0");
    settle();
    release();
    ASSERT_EQ(open().size(), 1U);
    EXPECT_EQ(progress(plan), "1 1 0 0");
    end_all();
    EXPECT_EQ(progress(plan), "1 0 1 0");
}

TEST_F(ProgressTest, WhatGoesDoesNotHideThatWhatComesHasFailed) {
    assign();
    carry_out();
    const std::string plan = apply(put(ModelKind::application, "app", R"({"resources": [
        {"collection": "files", "id": "/etc/new", "description": {"content": "x"}}]})"));
    release();
    end_all(commands::Transition::failed);
    EXPECT_EQ(progress(plan), "1 0 0 1");
}

TEST_F(ProgressTest, DirectChangesOfResourcesAreWaitedFor) {
    const wire::Ref ref{"files", "/etc/direct"};
    const auto plan_of = [&](ResourceEdit::Kind kind) {
        commands::DescriptionRequest request;
        request.ref = ref;
        request.description = json::Object{{"content", "x"}};
        EditRequest direct;
        direct.resources.push_back({.host = host_, .kind = kind, .request = std::move(request)});
        return apply(std::move(direct));
    };
    const std::string made = plan_of(ResourceEdit::Kind::describe);
    EXPECT_EQ(progress(made), "1 1 0 0");
    release();
    EXPECT_EQ(progress(made), "1 1 0 0") << "its command has not ended";
    end_all(commands::Transition::failed);
    EXPECT_EQ(progress(made), "1 0 0 1");
    const std::string gone = plan_of(ResourceEdit::Kind::remove);
    release();
    EXPECT_EQ(progress(gone), "1 1 0 0");
    end_all();
    EXPECT_EQ(progress(gone), "1 0 1 0");
}

TEST_F(ProgressTest, TheEndOfAnOverrideIsDoneAtOnce) {
    assign();
    release();
    end_all();
    settle();
    ResourceEdit edit{.host = host_,
                      .kind = ResourceEdit::Kind::describe,
                      .request = {},
                      .authority = commands::Authority::overriding};
    edit.request.ref = {"files", "/etc/motd"};
    edit.request.description = json::Object{{"content", "mine"}};
    apply({.resources = {edit}});
    release();
    end_all();
    settle();
    edit.kind = ResourceEdit::Kind::forget;
    edit.authority = commands::Authority::direct;
    const std::string plan = apply({.resources = {edit}});
    release();
    EXPECT_EQ(progress(plan), "1 1 0 0");
    end_all();
    EXPECT_EQ(progress(plan), "1 0 1 0");
}

TEST_F(ProgressTest, AHostThatIsHeldHasFailed) {
    assign();
    release();
    end_all();
    settle();
    const std::string plan = set("1");
    planner_.reset();
    ASSERT_EQ(entries(), 1U);
    change([&](state::Edit& edit) { return edit.wanted().hold(host_); });
    EXPECT_EQ(progress(plan), "1 0 0 1");
    // Whatever has made it wait.
    change(
        [&](state::Edit& edit) { return state::PlanHostEdits(edit).begin("plan_2", {host_}, {}); });
    open_planner();
    release();
    EXPECT_EQ(progress("plan_2"), "1 0 0 1");
    EXPECT_EQ(file("/etc/motd")["content"], json::Value("0"));
}

TEST_F(ProgressTest, WhatGoesDoesNotWaitForEverBehindWhatHadFailedBefore) {
    assign();
    ASSERT_TRUE(edit(put(ModelKind::application, "other", R"({"resources": [
        {"collection": "files", "id": "/etc/other", "description": {"content": "x"}}]})")));
    const std::string other =
        apply(put(ModelKind::assignment, "other", R"({"application": "other"})"));
    release();
    end_all();
    settle(wire::Verdict::failed);
    const std::string plan = apply({.changes = {{ModelKind::assignment, "other", {}}}});
    release();
    EXPECT_EQ(progress(plan), "1 0 0 1");
    EXPECT_TRUE(resource("/etc/other"));
    settle();
    release();
    EXPECT_FALSE(resource("/etc/other")) << "it goes all the same, once that has succeeded";
}

TEST_F(ProgressTest, AHostThatIsNotConcernedIsDone) {
    assign();
    release();
    end_all();
    settle();
    planner_.reset();
    change([&](state::Edit& edit) -> Result<void> {
        EK_CHECK(edit.to_compile().put(host_, {"host.labels.of_nobody"}));
        return state::PlanHostEdits(edit).begin("plan_1", {host_}, {});
    });
    open_planner();
    release();
    EXPECT_EQ(progress("plan_1"), "1 0 1 0");
}

TEST_F(ProgressTest, ItSurvivesARestart) {
    const std::string plan = assign();
    planner_.reset();
    open_planner();
    release();
    EXPECT_EQ(progress(plan), "1 1 0 0");
    planner_.reset();
    open_planner();
    end_all();
    EXPECT_EQ(progress(plan), "1 0 1 0");
}

}  // namespace
}  // namespace evenkeel::plans
