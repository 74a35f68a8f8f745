#include "orchestrator/commands/describe.hpp"
#include "orchestrator/plans/peers.hpp"
#include "tests/support/wait.hpp"
#include "tests/unit/orchestrator/plans/planner_fixture.hpp"

// From an edit of the model to what hosts are told.
namespace evenkeel::plans {
namespace {

const char* const kMotd = R"({"parameters": {"properties": {"text": {"type": "string"}}},
    "resources": [{"collection": "files", "id": "/etc/motd",
                   "description": {"content": "{{text}} {{host.name}}"}}]})";

class ReleaseTest : public PlannerTest {
  protected:
    // The application `motd`, assigned to hosts with the label role=web.
    void assign(const char* application = kMotd) {
        const auto answer = edit(
            {.changes = {{ModelKind::application, "motd", *json::parse(application)},
                         {ModelKind::setting, "global text", *json::parse(R"({"value": "hi"})")},
                         {ModelKind::assignment, "motd", *json::parse(R"({"application": "motd",
                                                "filter": "labels.role = web"})")}}});
        ASSERT_TRUE(answer) << answer.error().what;
        ASSERT_TRUE(answer->wrong.empty()) << answer->wrong[0].detail;
        ASSERT_EQ(answer->refusal, Refusal::none);
    }
    void label(const char* role) {
        change_host([&](state::Host& host) { host.labels = json::Object{{"role", role}}; });
    }
    state::Wanted wanted() { return read().wanted().find(host_)->value_or(state::Wanted{}); }
};

TEST_F(ReleaseTest, AHostThatIsLabelledGetsWhatItShallHave) {
    assign();
    release();
    EXPECT_TRUE(commands().empty());
    label("web");
    release();
    EXPECT_EQ(file("/etc/motd")["content"], json::Value("hi web1"));
    ASSERT_EQ(resource("/etc/motd")->owners.size(), 1U);
    EXPECT_EQ(resource("/etc/motd")->owners[0].assignment, "motd");
    EXPECT_EQ(wanted().status, state::WantedStatus::compiled);
    EXPECT_EQ(last_event("host.compiled")["wanted"]["status"], json::Value("compiled"));
}

TEST_F(ReleaseTest, ASettingThatIsEditedReachesTheHostsThatUseItAlone) {
    assign();
    label("web");
    release();
    settle();
    const auto before = planner_->compiled();
    ASSERT_TRUE(edit(put(ModelKind::setting, "global other", R"({"value": 1})")));
    release();
    EXPECT_EQ(planner_->compiled(), before);
    const auto answer =
        edit(put(ModelKind::setting, "host:" + host_ + " text", R"({"value": "yo"})"));
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->trial->summary.changed, 1U);
    release();
    EXPECT_EQ(planner_->compiled(), before + 1);
    EXPECT_EQ(file("/etc/motd")["content"], json::Value("yo web1"));
}

TEST_F(ReleaseTest, WhatIsAsItShallBeIsNotSentAgain) {
    assign();
    label("web");
    release();
    settle();
    const auto count = commands().size();
    change_host([](state::Host& host) {
        host.labels = json::Object{{"role", "web"}, {"rack", "7"}};
    });
    release();
    EXPECT_EQ(commands().size(), count);
}

TEST_F(ReleaseTest, WhatIsNotSaidAnyMoreIsForgottenOrRemoved) {
    assign();
    label("web");
    release();
    settle();
    label("db");
    release();
    EXPECT_EQ(commands().back(), "forget /etc/motd");
    EXPECT_FALSE(resource("/etc/motd"));

    label("web");
    release();
    settle();
    ASSERT_TRUE(edit(put(ModelKind::assignment, "motd",
                         R"({"application": "motd", "on_leave": "remove",
                             "filter": "labels.role = web"})")));
    release();
    label("db");
    release();
    EXPECT_EQ(commands().back(), "remove /etc/motd");
}

TEST_F(ReleaseTest, WhatGoesWaitsForWhatComes) {
    assign(R"({"resources": [{"collection": "files", "id": "/etc/{{host.labels.file}}",
                              "description": {"content": "x"}}]})");
    const auto name = [&](const char* file) {
        change_host([&](state::Host& host) {
            host.labels = json::Object{{"role", "web"}, {"file", file}};
        });
    };
    name("old");
    release();
    settle();
    name("new");
    release();
    EXPECT_EQ(commands().back(), "apply /etc/new");
    EXPECT_TRUE(resource("/etc/old"));
    EXPECT_EQ(wanted().status, state::WantedStatus::pending);
    settle(wire::Verdict::failed);
    release();
    EXPECT_TRUE(resource("/etc/old"));
    settle();
    release();
    EXPECT_FALSE(resource("/etc/old"));
    EXPECT_EQ(wanted().status, state::WantedStatus::compiled);
    EXPECT_EQ(entries(), 0U);
}

TEST_F(ReleaseTest, AnEditAfterWhichAHostDoesNotCompileIsRefused) {
    assign();
    label("web");
    release();
    EditRequest request{.changes = {{ModelKind::setting, "global text", {}}}};
    const auto refused = edit(request);
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->refusal, Refusal::does_not_compile);
    ASSERT_EQ(refused->trial->broken.size(), 1U);
    EXPECT_EQ(refused->trial->broken[0].count, 1U);
    EXPECT_EQ(refused->trial->broken[0].error.pointer, "/resources/0/description/content");
    EXPECT_TRUE(planner_->model()->setting({compile::Scope{}, "text"}));

    request.allows_errors = true;
    ASSERT_TRUE(edit(request));
    release();
    EXPECT_EQ(wanted().status, state::WantedStatus::error);
    EXPECT_EQ(file("/etc/motd")["content"], json::Value("hi web1"));
}

TEST_F(ReleaseTest, ADryRunShowsWhatWouldBecomeOfHosts) {
    assign();
    label("web");
    release();
    settle();
    EditRequest request = put(ModelKind::setting, "global text", R"({"value": "yo"})");
    request.is_dry_run = true;
    const auto answer = edit(std::move(request));
    ASSERT_TRUE(answer);
    const json::Value shown = answer->trial->shown();
    EXPECT_EQ(shown["summary"]["changed"], json::Value(1));
    const json::Value& one = shown["groups"].as_array().at(0)["resources"].as_array().at(0);
    EXPECT_EQ(one["id"], json::Value("/etc/motd"));
    EXPECT_EQ(file("/etc/motd")["content"], json::Value("hi web1"));
}

TEST_F(ReleaseTest, ASecretIsNotShownInAPlan) {
    assign();
    label("web");
    release();
    EditRequest request =
        put(ModelKind::setting, "global text", R"({"value": "hunter2", "secret": true})");
    request.is_dry_run = true;
    const auto answer = edit(std::move(request));
    ASSERT_TRUE(answer);
    const std::string shown = json::write(answer->trial->shown());
    EXPECT_EQ(shown.find("hunter2"), std::string::npos) << shown;
    EXPECT_NE(shown.find("redacted"), std::string::npos) << shown;
}

const char* const kWithSecret = R"({"resources": [
    {"collection": "files", "id": "/etc/a", "description": {"content": "open"}},
    {"collection": "files", "id": "/etc/b", "description": {"@": "{{word}}"}}]})";

// A secret in this field, for a host whose schema is not known yet.
std::string with_secret_in(const char* field) {
    std::string text = kWithSecret;
    return text.replace(text.find('@'), 1, field);
}

TEST_F(ReleaseTest, ASecretWaitsUntilItIsKnownThatItsFieldIsSecret) {
    ASSERT_TRUE(edit(put(ModelKind::setting, "global word", R"({"value": "x", "secret": true})")));
    assign(with_secret_in("password").c_str());
    label("web");
    release();
    EXPECT_TRUE(commands().empty());
    EXPECT_EQ(wanted().status, state::WantedStatus::pending);
    report_schema();
    release();
    EXPECT_EQ(commands(), (std::vector<std::string>{"apply /etc/a", "apply /etc/b"}));
    EXPECT_EQ(file("/etc/b")["password"], json::Value("x"));
    EXPECT_EQ(wanted().status, state::WantedStatus::compiled);
}

TEST_F(ReleaseTest, ASecretInAFieldThatTurnsOutToBeOpenIsNeverSent) {
    ASSERT_TRUE(edit(put(ModelKind::setting, "global word", R"({"value": "x", "secret": true})")));
    assign(with_secret_in("mode").c_str());
    label("web");
    release();
    report_schema();
    release();
    EXPECT_TRUE(commands().empty());
    ASSERT_EQ(wanted().status, state::WantedStatus::error);
    EXPECT_EQ(wanted().errors[0].code, "secret-exposed");
}

TEST_F(ReleaseTest, ASecretInTheContentOfAFileDoesNotWait) {
    ASSERT_TRUE(edit(put(ModelKind::setting, "global word", R"({"value": "x", "secret": true})")));
    assign(with_secret_in("content").c_str());
    label("web");
    release();
    EXPECT_EQ(commands(), (std::vector<std::string>{"apply /etc/a", "apply /etc/b"}));
}

TEST_F(ReleaseTest, WhatIsStillToDoIsDoneAfterARestart) {
    assign();
    label("web");
    planner_.reset();
    EXPECT_EQ(entries(), 1U);
    open_planner();
    release();
    EXPECT_EQ(file("/etc/motd")["content"], json::Value("hi web1"));
    EXPECT_EQ(entries(), 0U);
}

TEST_F(ReleaseTest, AHostThatReportsItsCollectionsIsCompiledAgain) {
    assign();
    label("web");
    release();
    const auto report = [&](const char* collection) {
        change([&](state::Edit& edit) {
            return edit.collections().replace(
                host_, {{.name = collection, .plugin = "p", .schema_sha256 = ""}});
        });
        release();
    };
    report("packages");
    ASSERT_EQ(wanted().errors.size(), 1U);
    EXPECT_EQ(wanted().errors[0].detail, "files /etc/motd: the host has no collection files");
    report("files");
    EXPECT_EQ(wanted().status, state::WantedStatus::compiled);
}

TEST_F(ReleaseTest, AHostToWhichNothingIsAssignedHasNoRecord) {
    assign();
    change([&](state::Edit& edit) {
        return edit.collections().replace(host_,
                                          {{.name = "files", .plugin = "p", .schema_sha256 = ""}});
    });
    release();
    EXPECT_EQ(entries(), 0U);
    EXPECT_FALSE(*read().wanted().find(host_));
}

TEST_F(ReleaseTest, PeersAreReadOnceForAllHostsThatAreCompiledTogether) {
    constexpr int kHosts = 300;  // more than one batch
    const auto id_of = [](int number) { return "host_" + std::to_string(1000 + number); };
    change([&](state::Edit& edit) -> Result<void> {
        for (int i = 0; i < kHosts; ++i) {
            state::Host other;
            other.id = id_of(i);
            other.name = "many" + std::to_string(i);
            other.labels = json::Object{{"role", i == 0 ? "db" : "web"}};
            EK_CHECK(edit.hosts().put(other));
        }
        return {};
    });
    const auto release_all = [&] {
        loop_.run_until([&] { return entries() == 0; }, test::kPatience);
        ASSERT_EQ(entries(), 0U);
    };
    release_all();
    const std::uint64_t compiled = planner_->compiled();
    const std::uint64_t before = planner_->peers_read();
    assign(R"({"peers": {"db": {"filter": "labels.role = db"}},
               "resources": [{"collection": "files", "id": "/etc/{{item.name}}",
                              "for_each": "peers.db", "description": {"content": "x"}}]})");
    release_all();
    EXPECT_EQ(planner_->compiled(), compiled + kHosts - 1);
    EXPECT_EQ(planner_->peers_read(), before + 1);
    const wire::Ref file{"files", "/etc/many0"};
    EXPECT_TRUE(read().resources().find(id_of(kHosts - 1), file)->has_value());
    // One that changes is seen by all.
    change([&](state::Edit& edit) -> Result<void> {
        auto host = EK_TRY(edit.hosts().find(id_of(0)));
        host->labels = json::Object{{"role", "old"}};
        return edit.hosts().put(*host);
    });
    release_all();
    EXPECT_GT(planner_->peers_read(), before + 1);
    EXPECT_FALSE(read().resources().find(id_of(kHosts - 1), file)->has_value());
}

TEST_F(ReleaseTest, APeerThatComesIsKnownToItsPeers) {
    assign(R"({"peers": {"db": {"filter": "labels.role = db"}},
               "resources": [{"collection": "files", "id": "/etc/dbs", "description":
                   {"content": "{{#peers.db}}{{name}} {{/peers.db}}"}}]})");
    label("web");
    release();
    EXPECT_EQ(file("/etc/dbs")["content"], json::Value(""));
    change([&](state::Edit& edit) -> Result<void> {
        state::Host other;
        other.id = "host_0192f0c1-0000-7000-8000-000000000002";
        other.name = "db1";
        other.labels = json::Object{{"role", "db"}};
        return edit.hosts().put(other);
    });
    release();
    EXPECT_EQ(file("/etc/dbs")["content"], json::Value("db1 "));
}

// Each of them is a peer of all others: that they change together costs no round for each.
TEST_F(ReleaseTest, ManyPeersThatChangeTogetherAreCompiledOnce) {
    assign(R"({"peers": {"all": {"filter": "labels.role = web"}},
               "resources": [{"collection": "files", "id": "/etc/all", "description":
                   {"content": "{{host.labels.rack}}{{#peers.all}}{{name}} {{/peers.all}}"}}]})");
    constexpr unsigned kHosts = 40;
    const auto rack = [&](const char* name) {
        change([&](state::Edit& edit) -> Result<void> {
            for (unsigned i = 0; i < kHosts; ++i) {
                state::Host host;
                host.name = "h" + std::to_string(100 + i);
                host.id = "host_0192f0c1-0000-7000-8000-000000000" + std::to_string(100 + i);
                host.labels = json::Object{{"role", "web"}, {"rack", name}};
                EK_CHECK(edit.hosts().put(host));
            }
            return {};
        });
        release();
        EXPECT_EQ(entries(), 0U);
    };
    rack("1");
    const auto before = planner_->compiled();
    rack("2");
    EXPECT_EQ(planner_->compiled() - before, kHosts);
}

TEST_F(ReleaseTest, AConflictThatIsForgottenIsCompiledAgain) {
    commands::DescriptionRequest direct;
    direct.ref = {"files", "/etc/motd"};
    direct.description = json::Object{{"content", "mine"}};
    change([&](state::Edit& edit) -> Result<void> {
        EK_TRY(commands::describe(edit, protector_, {.host = host_, .request_id = ""}, {direct}));
        return {};
    });
    assign();
    label("web");
    release();
    EXPECT_EQ(wanted().status, state::WantedStatus::error);
    EXPECT_EQ(file("/etc/motd")["content"], json::Value("mine"));
    change([&](state::Edit& edit) -> Result<void> {
        EK_TRY(commands::forget(edit, {.host = host_, .request_id = ""}, direct.ref));
        return {};
    });
    release();
    EXPECT_EQ(wanted().status, state::WantedStatus::compiled);
    EXPECT_EQ(file("/etc/motd")["content"], json::Value("hi web1"));
}

// What is in a later command may be notified by an earlier one.
TEST_F(ReleaseTest, WhatIsTooLargeForOneCommandIsSentInParts) {
    assign(R"({"resources": [
        {"collection": "files", "id": "/etc/{{item}}", "for_each": "parts",
         "description": {"content": "{{large}}"},
         "notifies": [{"collection": "services", "id": "x", "action": "restart"}]},
        {"collection": "services", "id": "x", "description": {"running": true}}]})");
    const json::Value large = json::Object{{"value", std::string(60'000, 'x')}};
    ASSERT_TRUE(edit({.changes = {{ModelKind::setting, "global large", large},
                                  {ModelKind::setting, "global parts",
                                   *json::parse(R"({"value": ["a", "b", "c", "d", "e", "f", "g",
                                                    "h", "i", "j", "k", "l"]})")}}}));
    label("web");
    release();
    EXPECT_EQ(wanted().status, state::WantedStatus::compiled);
    EXPECT_EQ(commands().size(), 13U);
}

TEST_F(ReleaseTest, AHostThatIsHeldAfterARestoreGetsNothingBeforeAnEdit) {
    assign();
    label("web");
    release();
    settle();
    change([&](state::Edit& edit) {
        return edit.wanted().announce(host_, {.status = state::WantedStatus::held, .errors = {}});
    });
    change_host([](state::Host& host) { host.name = "web9"; });
    release();
    EXPECT_EQ(file("/etc/motd")["content"], json::Value("hi web1"));
    EXPECT_EQ(wanted().status, state::WantedStatus::held);
    ASSERT_TRUE(edit(put(ModelKind::setting, "global text", R"({"value": "yo"})")));
    release();
    EXPECT_EQ(file("/etc/motd")["content"], json::Value("yo web9"));
}

TEST_F(ReleaseTest, WhatWasEditedBeforeAHostWasHeldIsNotSent) {
    assign();
    label("web");
    release();
    settle();
    ASSERT_TRUE(edit(put(ModelKind::setting, "global text", R"({"value": "yo"})")));
    planner_.reset();
    ASSERT_EQ(entries(), 1U);
    change([&](state::Edit& edit) { return edit.wanted().hold(host_); });
    open_planner();
    release();
    EXPECT_EQ(file("/etc/motd")["content"], json::Value("hi web1"));
    EXPECT_EQ(wanted().status, state::WantedStatus::held);
}

// Else nobody would know any more whom the host that was released had concerned.
TEST_F(ReleaseTest, NothingIsReleasedBeforeItIsNotedWhomElseItConcerns) {
    assign(R"({"peers": {"db": {"filter": "labels.role = db"}},
               "resources": [{"collection": "files", "id": "/etc/dbs", "description":
                   {"content": "{{#peers.db}}{{name}} {{/peers.db}}"}}]})");
    label("web");
    release();
    planner_.reset();
    change([&](state::Edit& edit) -> Result<void> {
        state::Host other;
        other.id = "host_0192f0c1-0000-7000-8000-000000000002";
        other.name = "db1";
        other.labels = json::Object{{"role", "db"}};
        return edit.hosts().put(other);
    });
    // The store takes no more notes.
    state_.reset();
    const auto put_counter = [&](const std::string& value) {
        auto env = *store::Env::open(folder_ / "store", state::store_options());
        auto txn = *env.write();
        ASSERT_TRUE(txn.put(env.table("counters"), "to_compile", value));
        ASSERT_TRUE(txn.commit());
    };
    put_counter("x");
    open();
    open_planner();
    release();
    EXPECT_EQ(entries(), 1U);
    planner_.reset();
    state_.reset();
    put_counter("1000");
    open();
    open_planner();
    release();
    EXPECT_EQ(file("/etc/dbs")["content"], json::Value("db1 "));
    EXPECT_EQ(entries(), 0U);
}

TEST_F(ReleaseTest, WhoIsAskedToEndReadsNoMoreHosts) {
    const compile::PeerRule rule;
    const compile::PeerRule other;
    std::atomic<bool> stops = false;
    Peers peers(&stops);
    EXPECT_TRUE(peers.find(read(), rule, {}));
    stops = true;
    EXPECT_EQ(peers.find(read(), other, {}).error().code, Errc::cancelled);
    peers.forget();
    EXPECT_EQ(peers.find(read(), rule, {}).error().code, Errc::cancelled);
}

}  // namespace
}  // namespace evenkeel::plans
