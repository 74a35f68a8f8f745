#include "orchestrator/plans/protection.hpp"

#include <algorithm>

#include "orchestrator/state/plans.hpp"
#include "tests/support/wait.hpp"
#include "tests/unit/orchestrator/plans/protection_fixture.hpp"

namespace evenkeel::plans {
namespace {

const char* const kDisks =
    R"({"parameters": {"properties": {"size": {"default": 1}}}, "resources": [
    {"collection": "files", "id": "/etc/disks", "description": {"content": "{{size}} disks"}}]})";

EditRequest move_host(const std::string& host, const std::string& environment) {
    return {.hosts = {{host, {.name = {}, .environment = environment, .labels = {}}}}};
}
EditRequest retire_host(const std::string& host) {
    return {.hosts = {{.host = host, .retires = true}}};
}
EditRequest label_host(const std::string& host, const char* labels) {
    return {.hosts = {{host, {.name = {}, .labels = *json::parse(labels)}}}};
}

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
    loop_.run_until([&] { return refused.size() == 3; }, test::kPatience);
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

TEST_F(SleepingTest, AnApprovalIsBoundToWhatAnAssignmentUsesWhereNoHostFitsYet) {
    ASSERT_TRUE(done(put(ModelKind::application, "disks", kDisks)));
    const EditRequest asked =
        assigned("disks", ", 'environment': 'prod', 'filter': 'facts.disk = big'");
    const char* const two = R"({"value": 2})";
    const EditRequest link = put(ModelKind::setting, "environment:prod/eu size",
                                 R"({"value": 3, "link": {"scope": "global", "key": "other"}})");
    for (const EditRequest& meanwhile :
         {put(ModelKind::setting, "global size", two),
          put(ModelKind::setting, "environment:prod disks:size", two),
          put(ModelKind::setting, ("host:" + host_ + " size").c_str(), two), link,
          put(ModelKind::setting, "global other", two),
          put(ModelKind::application, "disks", R"({"resources": []})")}) {
        const EditRequest approved = planned(asked, true);
        ASSERT_TRUE(done(meanwhile));
        EXPECT_EQ(answer_to(approved).refusal, Refusal::stale_plan)
            << meanwhile.changes.front().name;
    }
    const EditRequest approved = planned(asked, true);
    ASSERT_TRUE(done(put(ModelKind::setting, "environment:stage size", two)));
    EXPECT_TRUE(done(approved)) << "nobody uses that here";
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

TEST_F(RetiringTest, WithoutOtherChangesOfTheHost) {
    ASSERT_TRUE(done(planned(put(ModelKind::environment, "prod", "{}"), true)));
    const auto codes = [&](EditRequest more) {
        more.hosts = retire_host(db_).hosts;
        std::vector<std::string> all;
        const EditAnswer answer = edit(std::move(more)).value_or(EditAnswer());
        for (const model::WrongChange& wrong : answer.wrong) all.push_back(wrong.code);
        return all;
    };
    using Codes = std::vector<std::string>;
    const std::string scope = "host:" + db_;
    EXPECT_EQ(codes(put(ModelKind::setting, scope + " more", R"({"value": 1})")),
              Codes{"not-found"});
    ResourceEdit forget;
    forget.host = db_;
    forget.kind = ResourceEdit::Kind::forget;
    forget.request.ref = {"files", "/etc/motd"};
    EditRequest forgets;
    forgets.resources = {forget};
    EXPECT_EQ(codes(forgets), Codes{"invalid"});
    EXPECT_FALSE(is_retired(db_));
    EXPECT_EQ(codes({.changes = {{ModelKind::setting, scope + " text", json::Value()}}}), Codes{});
    EXPECT_TRUE(is_retired(db_));
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
