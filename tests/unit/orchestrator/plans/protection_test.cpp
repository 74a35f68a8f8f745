#include "orchestrator/plans/protection.hpp"

#include <algorithm>

#include "core/base/id.hpp"
#include "orchestrator/plans/held_plan.hpp"
#include "orchestrator/state/plans.hpp"
#include "tests/unit/orchestrator/plans/planner_fixture.hpp"

namespace evenkeel::plans {
namespace {

using Names = std::set<std::string>;

const char* const kMotd = R"({"resources": [{"collection": "files", "id": "/etc/motd",
                              "description": {"content": "{{text}}"}}]})";
const char* const kDisks =
    R"({"parameters": {"properties": {"size": {"default": 1}}}, "resources": [
    {"collection": "files", "id": "/etc/disks", "description": {"content": "{{size}} disks"}}]})";
const char* const kProtected = R"({"protected": true})";

EditRequest move_host(const std::string& host, const std::string& environment) {
    return {.hosts = {{host, {.name = {}, .environment = environment, .labels = {}}}}};
}
EditRequest retire_host(const std::string& host) {
    return {.hosts = {{.host = host, .retires = true}}};
}
EditRequest label_host(const std::string& host, const char* labels) {
    return {.hosts = {{host, {.name = {}, .labels = *json::parse(labels)}}}};
}

// web1 has what `motd` says in environment prod/eu; prod is protected.
class ProtectionTest : public PlannerTest {
  protected:
    void SetUp() override {
        PlannerTest::SetUp();
        ASSERT_TRUE(done(
            {.changes = {{ModelKind::environment, "prod", json::Object{}},
                         {ModelKind::environment, "prod/eu", json::Object{}},
                         {ModelKind::environment, "stage", json::Object{}},
                         {ModelKind::application, "motd", *json::parse(kMotd)},
                         {ModelKind::setting, "global text", value("hi")},
                         {ModelKind::assignment, "motd", json::Object{{"application", "motd"}}}},
             .hosts = {{host_, {.name = {}, .environment = "prod/eu", .labels = {}}}}}));
        release();
        settle();
        ASSERT_TRUE(done(put(ModelKind::environment, "prod", kProtected)));
    }
    static json::Value value(const char* text) { return json::Object{{"value", text}}; }
    EditAnswer answer_to(EditRequest request) {
        auto answer = edit(std::move(request));
        EXPECT_TRUE(answer) << answer.error().what;
        EXPECT_TRUE(answer && answer->wrong.empty());
        return answer.value_or(EditAnswer());
    }
    bool done(EditRequest request) {
        const EditAnswer answer = answer_to(std::move(request));
        return answer.trial && answer.refusal == Refusal::none;
    }
    // Because of which the edit was refused.
    Names refused_for(EditRequest request) {
        const auto before = planner_->model()->revision();
        const EditAnswer answer = answer_to(std::move(request));
        EXPECT_EQ(planner_->model()->revision(), before);
        return answer.refusal == Refusal::plan_required ? answer.trial->protected_environments
                                                        : Names();
    }
    // The request as a plan that was made of it.
    EditRequest planned(EditRequest request, bool is_approved) {
        request.is_dry_run = true;
        const EditAnswer answer = answer_to(request);
        request.is_dry_run = false;
        request.planned = {answer.trial ? answer.trial->hash : "", is_approved};
        return request;
    }
    std::string environment_of_host() { return (*read().hosts().find(host_))->environment; }
};

TEST_F(ProtectionTest, WhatChangesWhatAHostThereHasMustBeAPlan) {
    EXPECT_EQ(refused_for(put(ModelKind::setting, "global text", R"({"value": "yo"})")),
              Names{"prod"});
    EXPECT_EQ(refused_for(put(ModelKind::assignment, "motd",
                              R"({"application": "motd", "on_leave": "remove"})")),
              Names{"prod"})
        << "its owners differ";
    EXPECT_EQ(refused_for({.changes = {{ModelKind::assignment, "motd", {}}}}), Names{"prod"});
    release();
    EXPECT_EQ(file("/etc/motd")["content"], json::Value("hi"));
}

TEST_F(ProtectionTest, WhatChangesNothingThereNeedsNone) {
    EXPECT_TRUE(done(put(ModelKind::setting, "global other", R"({"value": 1})")));
    EXPECT_TRUE(done(put(ModelKind::setting, "environment:stage text", R"({"value": "yo"})")));
    EXPECT_TRUE(done(put(ModelKind::environment, "prod/us", kProtected)));
    EXPECT_TRUE(done(put(ModelKind::environment, "prod", R"({"protected": true, "note": "!"})")));
    EXPECT_TRUE(done({.changes = {{ModelKind::environment, "stage", {}},
                                  {ModelKind::setting, "environment:stage text", {}}}}));
}

TEST_F(ProtectionTest, UnprotectingMustBeAPlan) {
    EXPECT_EQ(refused_for(put(ModelKind::environment, "prod", "{}")), Names{"prod"});
    ASSERT_TRUE(done(put(ModelKind::environment, "lab", kProtected)));
    EXPECT_EQ(refused_for({.changes = {{ModelKind::environment, "lab", {}}}}), Names{"lab"});
    EXPECT_TRUE(planner_->model()->environment("lab"));
    ASSERT_TRUE(done(put(ModelKind::environment, "prod/eu", kProtected)));
    EXPECT_EQ(refused_for(put(ModelKind::environment, "prod/eu", "{}")), Names{"prod/eu"});
}

TEST_F(ProtectionTest, SoMustWhatIsSaidOfAHostThere) {
    EXPECT_EQ(refused_for(move_host(host_, "stage")), Names{"prod"});
    EXPECT_EQ(refused_for(move_host(host_, "prod")), Names{"prod"});
    EXPECT_EQ(refused_for(label_host(host_, R"({"rack": "7"})")), Names{"prod"});
    EXPECT_EQ(environment_of_host(), "prod/eu");
}

TEST_F(ProtectionTest, AndMovingAHostThere) {
    change_host([](state::Host& host) { host.environment = "stage"; });
    EXPECT_TRUE(done(label_host(host_, R"({"rack": "7"})")));
    EXPECT_EQ(refused_for(move_host(host_, "prod/eu")), Names{"prod"});
    EXPECT_TRUE(done(move_host(host_, "default")));
    EXPECT_EQ(environment_of_host(), "default");
}

TEST_F(ProtectionTest, APlanMustBeApproved) {
    const EditRequest asked = put(ModelKind::setting, "global text", R"({"value": "yo"})");
    EXPECT_EQ(answer_to(planned(asked, false)).refusal, Refusal::approval_required);
    EXPECT_TRUE(done(planned(asked, true)));
    release();
    EXPECT_EQ(file("/etc/motd")["content"], json::Value("yo"));
    EXPECT_EQ(answer_to(planned(move_host(host_, "stage"), false)).refusal,
              Refusal::approval_required);
    EXPECT_TRUE(done(planned(move_host(host_, "stage"), true)));
    EXPECT_EQ(environment_of_host(), "stage");
}

TEST_F(ProtectionTest, ADryRunTellsForWhichEnvironments) {
    EditRequest request = move_host(host_, "stage");
    request.is_dry_run = true;
    const EditAnswer answer = answer_to(std::move(request));
    ASSERT_TRUE(answer.trial);
    EXPECT_EQ(answer.trial->protected_environments, Names{"prod"});
}

// Each is tried out when the one before it is committed.
TEST_F(ProtectionTest, AHostThatIsMovedThereByTheEditBeforeIsSeen) {
    ASSERT_TRUE(done(put(ModelKind::environment, "lab", "{}")));
    change_host([](state::Host& host) { host.environment = "lab"; });
    std::vector<bool> refused;
    const auto note = [&](const Result<EditAnswer>& answer) {
        ASSERT_TRUE(answer && answer->trial);
        refused.push_back(answer->refusal == Refusal::plan_required);
    };
    planner_->edit(put(ModelKind::environment, "lab", kProtected), note);
    planner_->edit(label_host(host_, R"({"rack": "7"})"), note);
    planner_->edit(put(ModelKind::setting, "environment:lab text", R"({"value": "yo"})"), note);
    loop_.run_until([&] { return refused.size() == 3; }, std::chrono::seconds(20));
    EXPECT_EQ(refused, (std::vector<bool>{false, true, true}));
}

// What changes nothing there yet, and may by itself.
class SleepingTest : public ProtectionTest {
  protected:
    static EditRequest assign(const char* body) { return put(ModelKind::assignment, "more", body); }
    // The body is made of a text in which ' stands for ".
    static EditRequest assigned(const char* application, const char* where) {
        std::string text = std::string("{'application': '") + application + "'" + where + "}";
        std::replace(text.begin(), text.end(), '\'', '"');
        return assign(text.c_str());
    }
};

TEST_F(SleepingTest, AnAssignmentThatFitsNobodyYetMustBeAPlanWhereItReachesThere) {
    const std::string here = ", 'host': '" + host_ + "'";
    for (const char* where :
         {"", ", 'environment': 'prod'", ", 'environment': 'prod/eu'", here.c_str()}) {
        const std::string nobody = std::string(where) + ", 'filter': 'facts.disk = big'";
        EXPECT_EQ(refused_for(assigned("motd", where == here ? where : nobody.c_str())),
                  Names{"prod"})
            << where;
    }
    EXPECT_TRUE(done(assigned("motd", ", 'environment': 'stage'")));
    EXPECT_EQ(refused_for(assigned("motd", ", 'environment': 'prod', 'filter': 'facts.a = b'")),
              Names{"prod"})
        << "it reaches there now";
}

TEST_F(SleepingTest, OneThatIsSwitchedOffOrOnlyRenotedNeedsNone) {
    ASSERT_TRUE(done(assigned("motd", ", 'filter': 'facts.a = b', 'enabled': false")));
    EXPECT_TRUE(done(assigned("motd", ", 'filter': 'facts.a = c', 'enabled': false")));
    EXPECT_EQ(refused_for(assigned("motd", ", 'filter': 'facts.a = c'")), Names{"prod"});
    ASSERT_TRUE(done(planned(assigned("motd", ", 'filter': 'facts.a = c'"), true)));
    EXPECT_TRUE(done(assigned("motd", ", 'filter': 'facts.a = c', 'note': 'why'")));
    EXPECT_EQ(refused_for({.changes = {{ModelKind::assignment, "more", {}}}}), Names{"prod"});
}

TEST_F(SleepingTest, ItCountsWithoutAHostThereAndInAProtectedPartOfItsEnvironment) {
    ASSERT_TRUE(done({.changes = {{ModelKind::environment, "lab", json::Object{}},
                                  {ModelKind::environment, "lab/x", *json::parse(kProtected)}}}));
    EXPECT_EQ(refused_for(assigned("motd", ", 'environment': 'lab'")), Names{"lab/x"});
    EXPECT_EQ(refused_for(assigned("motd", "")), (Names{"lab/x", "prod"}));
}

TEST_F(SleepingTest, SoDoesWhatItUsesWhetherOrNotAHostFits) {
    ASSERT_TRUE(done(planned({.changes = {{ModelKind::application, "disks", *json::parse(kDisks)},
                                          {ModelKind::assignment, "disks", *json::parse(R"({
        "application": "disks", "filter": "facts.disk = big"})")}}},
                             true)));
    EXPECT_EQ(refused_for(put(ModelKind::application, "disks", R"({"resources": []})")),
              Names{"prod"});
    for (const char* setting : {"global size", "environment:prod size", "environment:prod/eu size",
                                "assignment:disks size"}) {
        EXPECT_EQ(refused_for(put(ModelKind::setting, setting, R"({"value": 2})")), Names{"prod"})
            << setting;
    }
    EXPECT_EQ(refused_for(
                  put(ModelKind::setting, ("host:" + host_ + " size").c_str(), R"({"value": 2})")),
              Names{"prod"});
    EXPECT_TRUE(done(put(ModelKind::setting, "environment:stage size", R"({"value": 2})")));
    EXPECT_TRUE(done(put(ModelKind::setting, "environment:prod unused", R"({"value": 2})")));
}

TEST_F(SleepingTest, SoDoesAConditionThatIsFalseAndAPeerThatIsNotThere) {
    const char* const sleeping = R"({"parameters": {"properties": {"on": {"default": false}}},
        "resources": [
            {"collection": "files", "id": "/a", "description": {"content": "a"},
             "when": "on = true"},
            {"collection": "files", "id": "/{{item.name}}", "description": {"content": "b"},
             "for_each": "peers.others"}],
        "peers": {"others": {"filter": "labels.role = nobody", "within": "all"}}})";
    EditRequest both = assigned("sleeping", "");
    both.changes.push_back({ModelKind::application, "sleeping", *json::parse(sleeping)});
    EXPECT_EQ(refused_for(both), Names{"prod"});
    ASSERT_TRUE(done(planned(std::move(both), true)));
    EXPECT_EQ(refused_for(put(ModelKind::application, "sleeping", R"({"resources": []})")),
              Names{"prod"});
}

// web1 is there, db1 is not, and web1 reads a setting of db1 by a link.
class RetiringTest : public ProtectionTest {
  protected:
    void SetUp() override {
        ProtectionTest::SetUp();
        web_ = host_;
        host_.back() = '2';
        db_ = host_;
        add_host("db1");
        host_ = web_;
        ASSERT_TRUE(
            done({.changes = {{ModelKind::setting, "host:" + db_ + " text", value("db")}}}));
        const json::Value link = *json::parse(R"({"value": "own", "link": {"scope": "host:)" + db_ +
                                              R"(", "key": "text"}})");
        ASSERT_TRUE(done(
            planned({.changes = {{ModelKind::setting, "environment:prod/eu text", link}}}, true)));
        release();
        settle();
        ASSERT_EQ(file("/etc/motd")["content"], json::Value("db"));
    }
    bool is_retired(const std::string& id) { return (*read().hosts().find(id))->retired(); }

    std::string web_;
    std::string db_;
};

TEST_F(RetiringTest, AHostThereIsRetiredByAPlan) {
    EXPECT_EQ(refused_for(retire_host(web_)), Names{"prod"});
    EXPECT_FALSE(is_retired(web_));
    EXPECT_TRUE(done(planned(retire_host(web_), true)));
    EXPECT_TRUE(is_retired(web_));
}

TEST_F(RetiringTest, SoIsOneThatAHostThereReadsASettingOf) {
    EXPECT_EQ(refused_for(retire_host(db_)), Names{"prod"});
    ASSERT_TRUE(done(planned(retire_host(db_), true)));
    EXPECT_TRUE(is_retired(db_));
    release();
    EXPECT_EQ(file("/etc/motd")["content"], json::Value("own"));
    EXPECT_FALSE(planner_->model()->settings(compile::Scope::host(db_)));
}

TEST_F(RetiringTest, ElsewhereItGoesAtOnceWithItsSettingsAndWhoReadThemHasOthers) {
    ASSERT_TRUE(done(planned(put(ModelKind::environment, "prod", "{}"), true)));
    ASSERT_TRUE(done(retire_host(db_)));
    EXPECT_TRUE(is_retired(db_));
    release();
    EXPECT_EQ(file("/etc/motd")["content"], json::Value("own"));
}

TEST_F(RetiringTest, ARetiredHostIsNobodysPeer) {
    ASSERT_TRUE(done(planned(put(ModelKind::environment, "prod", "{}"), true)));
    ASSERT_TRUE(done(
        {.changes = {{ModelKind::application, "all", *json::parse(R"({"resources": [
                                       {"collection": "files", "id": "/all",
                                        "description": {"content":
                                            "{{#peers.all}}{{name}} {{/peers.all}}"}}],
                                       "peers": {"all": {"filter": "name = db1",
                                                         "within": "all"}}})")},
                     {ModelKind::assignment, "all",
                      *json::parse(R"({"application": "all", "host": ")" + web_ + R"("})")}}}));
    release();
    settle();
    ASSERT_EQ(file("/all")["content"], json::Value("db1 "));
    EditRequest asked = retire_host(db_);
    asked.is_dry_run = true;
    EXPECT_EQ(answer_to(asked).trial->summary.changed, 2U) << "/all and the linked setting";
    ASSERT_TRUE(done(retire_host(db_)));
    release();
    EXPECT_EQ(file("/all")["content"], json::Value(""));
}

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
        ASSERT_TRUE(loop_.run_until([&] { return plans().size() == plans_then; }, kLong));
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
    static constexpr std::chrono::seconds kLong{20};

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
    report("big");
    settle();
    report("small");
    ASSERT_TRUE(loop_.run_until([&] { return !plans().empty(); }, std::chrono::seconds(20)));
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
    report("big");
    settle();
    report("small");
    ASSERT_TRUE(loop_.run_until([&] { return plans().size() == 1; }, std::chrono::seconds(20)));
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
    ASSERT_TRUE(loop_.run_until([&] { return plans().size() == 2; }, std::chrono::seconds(20)));
    EXPECT_EQ(plans()[0].state, state::PlanState::stale);
    EXPECT_EQ(plans()[1].state, state::PlanState::open);
}

TEST_F(ByItselfTest, APlanOfTheSystemThatEndsUndecidedIsMadeAnew) {
    hold();
    for (const auto ended : {state::PlanState::expired, state::PlanState::stale}) {
        const std::size_t count = plans().size();
        end_last(ended);
        ASSERT_TRUE(loop_.run_until([&] { return plans().size() == count + 1; }, kLong));
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
    ASSERT_TRUE(loop_.run_until([&] { return plans().size() == 2; }, kLong));
    EXPECT_EQ(plans().front().state, state::PlanState::rejected);
    EXPECT_EQ(plans().back().state, state::PlanState::open);
}

TEST_F(ByItselfTest, WhatWasRejectedIsAskedAgainOnceNothingWasHeldInBetween) {
    hold();
    end_last(state::PlanState::rejected);
    report("big");
    ASSERT_TRUE(loop_.run_until([&] { return read().plans().of_system()->last.empty(); }, kLong));
    report("small");
    ASSERT_TRUE(loop_.run_until([&] { return plans().size() == 2; }, kLong));
    EXPECT_EQ(plans().back().state, state::PlanState::open);
}

TEST_F(ByItselfTest, WithoutADifferenceItsPlanIsStale) {
    hold();
    report("big");
    ASSERT_TRUE(
        loop_.run_until([&] { return plans().front().state == state::PlanState::stale; }, kLong));
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
    ASSERT_TRUE(loop_.run_until([&] { return asked.size() == 2; }, kLong));
    asked[1](answer);
    EXPECT_FALSE(loop_.run_until([&] { return asked.size() > 2; }, std::chrono::seconds(3)));
    asked.clear();
    look();
    ASSERT_EQ(asked.size(), 1U);
    asked[0](fail(Errc::busy, "later"));
    EXPECT_TRUE(loop_.run_until([&] { return asked.size() == 2; }, kLong)) << "it asks again";
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
    const auto report_with = [this](const char* disk, const std::set<wire::Ref>& going) {
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
    ASSERT_TRUE(loop_.run_until([&] { return !plans().empty(); }, std::chrono::seconds(20)));
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

TEST(Protection, AHostCountsByTheOutermostAndWhatTheEditItselfProtectsDoesNot) {
    const secrets::Protector protector{
        *crypto::Sealer::open(test::TempFolder() / "key", crypto::Sealer::Missing::create)};
    const model::Lookup none{.id_of = [](auto) { return ""; },
                             .has_hosts_in = [](auto) { return false; },
                             .body_of = [](auto, auto) { return json::Value(); }};
    const auto make = [&](const model::Model& model, const std::string& name, const char* body) {
        return model::edit(model, {{ModelKind::environment, name, *json::parse(body)}}, none,
                           protector);
    };
    const auto a = make(model::Model(), "a", kProtected).model;
    const auto before = make(a, "a/b", kProtected).model;
    const auto protects = make(before, "default", kProtected);
    const auto names = [&](std::set<HostPlace> places, const model::Edited& edited) {
        return protecting_environments(before, edited.model, {.places = std::move(places)},
                                       edited.writes);
    };
    EXPECT_EQ(names({{"a/b/c", "a/b/c"}}, protects), Names{"a"});
    EXPECT_EQ(names({{"default", "a/b"}}, protects), Names{"a"});
    EXPECT_EQ(names({{"default", "default"}, {"ab", "ab"}}, protects), Names());
    EXPECT_EQ(names({}, make(before, "a/b", "{}")), Names{"a/b"});
}

}  // namespace
}  // namespace evenkeel::plans
