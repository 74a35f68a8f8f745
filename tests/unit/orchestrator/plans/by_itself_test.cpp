#include <chrono>
#include <utility>
#include <vector>

#include "core/base/id.hpp"
#include "orchestrator/plans/held_plan.hpp"
#include "orchestrator/state/plans.hpp"
#include "tests/support/wait.hpp"
#include "tests/unit/orchestrator/plans/protection_fixture.hpp"

namespace evenkeel::plans {
namespace {

// What hosts report decides about one more file.
class ByItselfTest : public ProtectionTest {
  protected:
    void SetUp() override {
        ProtectionTest::SetUp();
        EditRequest disks = put(ModelKind::application, "disks", R"({"resources": [
            {"collection": "files", "id": "/etc/disks", "description": {"content": "big"}}]})");
        disks.changes.push_back(
            {ModelKind::assignment, "disks", *json::parse(R"({"application": "disks",
                                                  "filter": "facts.disk = big"})")});
        ASSERT_TRUE(done(planned(std::move(disks), true)));
        release();
    }
    void report(const char* disk) {
        change_host([&](state::Host& host) { host.facts = json::Object{{"disk", disk}}; });
        release();
    }
    std::vector<state::Plan> plans() {
        std::vector<state::Plan> all;
        const auto view = read();
        EXPECT_TRUE(view.plans().list().walk(view, [&](const state::Entry& entry) {
            all.push_back(*state::Plans::read(entry));
            return true;
        }));
        return all;
    }
    // Until there is a plan of the system of it.
    void hold(std::size_t plans_then = 1) {
        report("big");
        settle();
        report("small");
        ASSERT_TRUE(loop_.run_until([&] { return plans().size() == plans_then; }, test::kPatience));
    }
    void end_last(state::PlanState how) {
        state::Plan plan = plans().back();
        plan.state = how;
        change([&](state::Edit& edit) { return edit.plans().put(plan); });
    }
    // As after a restart, until it has been looked whether the plan is right.
    void look_again() {
        open_planner();
        answer_to({.is_dry_run = true});
        change([](state::Edit&) { return Result<void>(); });
    }

    state::WantedStatus status() { return (*read().wanted().find(host_))->status; }
};

TEST_F(ByItselfTest, WhatComesByItselfIsSentAndWhatWouldGoIsHeld) {
    report("big");
    EXPECT_EQ(file("/etc/disks")["content"], json::Value("big"));
    settle();
    report("small");
    EXPECT_EQ(file("/etc/disks")["content"], json::Value("big"));
    EXPECT_EQ(status(), state::WantedStatus::held);
    EXPECT_EQ(entries(), 0U);
    report("big");
    EXPECT_EQ(status(), state::WantedStatus::compiled) << "nothing differs any more";
    report("small");
    ASSERT_TRUE(done(planned(put(ModelKind::setting, "global text", R"({"value": "yo"})"), true)));
    release();
    settle();
    release();
    EXPECT_FALSE(resource("/etc/disks"));
    EXPECT_EQ(status(), state::WantedStatus::compiled);
}

TEST_F(ByItselfTest, WhatIsHeldIsAPlanOfTheSystem) {
    hold();
    const state::Plan plan = plans().front();
    EXPECT_EQ(plan.author, "system");
    EXPECT_EQ(plan.state, state::PlanState::open);
    EXPECT_TRUE(plan.requires_approval);
    EXPECT_EQ(plan.summary["forgotten"], json::Value(1));
    open_planner();
    release();
    EXPECT_EQ(plans().size(), 1U) << "it is there already";
    EditRequest apply{.releases_held = true};
    apply.planned = {plan.hash, false};
    EXPECT_EQ(answer_to(apply).refusal, Refusal::approval_required);
    apply.planned->is_approved = true;
    EXPECT_TRUE(done(std::move(apply)));
    release();
    EXPECT_FALSE(resource("/etc/disks"));
    EXPECT_EQ(status(), state::WantedStatus::compiled);
}

TEST_F(ByItselfTest, WhenSomethingElseIsHeldThereIsAnotherPlan) {
    hold();
    change_host([](state::Host& host) { host.name = "web9"; });
    change([&](state::Edit& edit) { return edit.to_compile().put(host_, {state::kModelChanged}); });
    release();
    EXPECT_EQ(plans().size(), 1U) << "the same";
    change([&](state::Edit& edit) -> Result<void> {
        auto there = EK_TRY(edit.resources().find(host_, {"files", "/etc/motd"}));
        state::Resource changed = *there;
        changed.policy = wire::Policy::enforce;
        EK_CHECK(edit.resources().put(host_, &*there, changed));
        return edit.to_compile().put(host_, {state::kModelChanged});
    });
    ASSERT_TRUE(loop_.run_until([&] { return plans().size() == 2; }, test::kPatience));
    EXPECT_EQ(plans()[0].state, state::PlanState::stale);
    EXPECT_EQ(plans()[1].state, state::PlanState::open);
}

TEST_F(ByItselfTest, APlanOfTheSystemThatEndsUndecidedIsMadeAnew) {
    hold();
    for (const auto ended : {state::PlanState::expired, state::PlanState::stale}) {
        const std::size_t count = plans().size();
        end_last(ended);
        ASSERT_TRUE(loop_.run_until([&] { return plans().size() == count + 1; }, test::kPatience));
        EXPECT_EQ(plans().back().state, state::PlanState::open);
        EXPECT_EQ(plans().back().hash, plans().front().hash);
    }
}

TEST_F(ByItselfTest, WhatWasRejectedIsAskedAgainOnceItIsAnother) {
    hold();
    end_last(state::PlanState::rejected);
    look_again();
    EXPECT_EQ(plans().size(), 1U);
    change([&](state::Edit& edit) -> Result<void> {
        auto there = EK_TRY(edit.resources().find(host_, {"files", "/etc/motd"}));
        state::Resource changed = *there;
        changed.policy = wire::Policy::enforce;
        EK_CHECK(edit.resources().put(host_, &*there, changed));
        return edit.to_compile().put(host_, {state::kModelChanged});
    });
    ASSERT_TRUE(loop_.run_until([&] { return plans().size() == 2; }, test::kPatience));
    EXPECT_EQ(plans().front().state, state::PlanState::rejected);
    EXPECT_EQ(plans().back().state, state::PlanState::open);
}

TEST_F(ByItselfTest, WhatWasRejectedIsAskedAgainOnceNothingWasHeldInBetween) {
    hold();
    end_last(state::PlanState::rejected);
    report("big");
    ASSERT_TRUE(
        loop_.run_until([&] { return read().plans().of_system()->last.empty(); }, test::kPatience));
    report("small");
    ASSERT_TRUE(loop_.run_until([&] { return plans().size() == 2; }, test::kPatience));
    EXPECT_EQ(plans().back().state, state::PlanState::open);
}

TEST_F(ByItselfTest, WithoutADifferenceItsPlanIsStale) {
    hold();
    report("big");
    ASSERT_TRUE(loop_.run_until([&] { return plans().front().state == state::PlanState::stale; },
                                test::kPatience));
    EXPECT_EQ(plans().size(), 1U);
}

TEST_F(ByItselfTest, ItAsksAlsoWhenTooManyPlansWait) {
    change([&](state::Edit& edit) -> Result<void> {
        for (std::size_t i = 0; i < state::kPendingPlansMost; ++i) {
            state::Plan plan{.id = make_id("plan"), .author = "anna", .expires_at_ms = INT64_MAX};
            EK_CHECK(edit.plans().add(plan, {}, ""));
        }
        return {};
    });
    hold(state::kPendingPlansMost + 1);
    EXPECT_EQ(plans().back().author, state::kSystemAuthor);
}

TEST_F(ByItselfTest, HoweverOftenItIsAnotherFewPlansOfTheSystemAreKept) {
    for (int i = 0; i < 30; ++i) {
        Trial trial;
        trial.summary.hosts = 1;
        trial.hash = std::to_string(i);
        change([&](state::Edit& edit) { return keep_held_plan(edit, protector_, trial); });
    }
    EXPECT_EQ(plans().size(), 11U);
    EXPECT_EQ(plans().back().hash, "29");
    EXPECT_EQ(plans().back().state, state::PlanState::open);
}

// After a restore they are held one after the other, and each trial is of all of them.
TEST_F(ByItselfTest, HoweverManyHostsAreHeldTheyAreTriedOutOnceAtATime) {
    std::vector<Planner::Done> asked;
    HeldPlan held_plan(
        {loop_, *state_, protector_, [&](const EditRequest& request, const auto& done) {
             EXPECT_TRUE(request.is_dry_run);
             asked.push_back(done);
         }});
    const auto look = [&] {
        for (int i = 0; i < 100; ++i) held_plan.look();
    };
    look();
    ASSERT_EQ(asked.size(), 1U);
    EditAnswer answer;
    answer.trial = std::make_shared<const Trial>();
    asked[0](answer);
    look();
    ASSERT_TRUE(loop_.run_until([&] { return asked.size() == 2; }, test::kPatience));
    asked[1](answer);
    EXPECT_FALSE(loop_.run_until([&] { return asked.size() > 2; }, std::chrono::seconds(3)));
    asked.clear();
    look();
    ASSERT_EQ(asked.size(), 1U);
    asked[0](fail(Errc::busy, "later"));
    EXPECT_TRUE(loop_.run_until([&] { return asked.size() == 2; }, test::kPatience))
        << "it asks again";
}

TEST_F(ByItselfTest, WhatWasLetGoIsHeldNoMoreBeforeItIsSent) {
    hold();
    const auto index = planner_->index();
    planner_.reset();
    const std::atomic<bool> stops = false;
    const auto held = [&] {
        Edits edits{.after = index->model(), .writes = {}};
        edits.releases_held = true;
        return try_edit(read(), protector_, schemas_, *index, std::move(edits), stops)
            ->touched.size();
    };
    EXPECT_EQ(held(), 1U);
    change([&](state::Edit& edit) {
        return edit.to_compile().put(host_, {state::kModelChanged, state::kModelEdited});
    });
    EXPECT_EQ(held(), 0U);
}

// The fact changes between the approval and the release of an edit that says nothing of the file.
TEST_F(ByItselfTest, AnEditLetsGoOnlyWhatItShowed) {
    const auto report_with = [this](const char* disk, const std::set<wire::Ref>& refs) {
        std::set<std::string> going;
        for (const wire::Ref& ref : refs) going.insert(state::going_code(ref));
        change([&](state::Edit& edit) -> Result<void> {
            auto host = EK_TRY(edit.hosts().find(host_));
            host->facts = json::Object{{"disk", disk}};
            EK_CHECK(edit.hosts().put(*host));
            return edit.to_compile().put(host_, {state::kModelChanged, state::kModelEdited}, going);
        });
        release();
    };
    report("big");
    settle();
    report_with("small", {{"files", "/etc/other"}});
    EXPECT_EQ(status(), state::WantedStatus::held);
    EXPECT_TRUE(resource("/etc/disks"));
    ASSERT_TRUE(loop_.run_until([&] { return !plans().empty(); }, test::kPatience));
    EXPECT_EQ(plans().front().author, "system");
    report_with("small", {{"files", "/etc/other"}, {"files", "/etc/disks"}});
    EXPECT_FALSE(resource("/etc/disks"));
}

TEST_F(ByItselfTest, WhatAnEditShowedGoesLaterTooWhenSomethingElseComesFirst) {
    report("big");
    settle();
    EditRequest replace = put(ModelKind::assignment, "disks",
                              R"({"application": "disks", "filter": "facts.disk = none"})");
    replace.changes.push_back({ModelKind::setting, "global text", value("yo")});
    ASSERT_TRUE(done(planned(std::move(replace), true)));
    release();
    EXPECT_TRUE(resource("/etc/disks")) << "/etc/motd comes first";
    settle();
    release();
    EXPECT_FALSE(resource("/etc/disks"));
}

TEST_F(ByItselfTest, ElsewhereItGoesByItself) {
    report("big");
    settle();
    ASSERT_TRUE(done(planned(put(ModelKind::environment, "prod", "{}"), true)));
    report("small");
    EXPECT_FALSE(resource("/etc/disks"));
}

}  // namespace
}  // namespace evenkeel::plans
