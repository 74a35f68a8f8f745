#include "tests/unit/orchestrator/plans/planner_fixture.hpp"

namespace evenkeel::plans {
namespace {

using Kind = ResourceEdit::Kind;

const char* const kMotd = R"({"resources": [{"collection": "files", "id": "/etc/motd",
                              "description": {"content": "{{host.labels.role}}"}}]})";
const char* const kPeers = R"({
    "resources": [{"collection": "files", "id": "/etc/peers",
                   "description": {"content": "{{#peers.all}}{{name}} {{/peers.all}}"}}],
    "peers": {"all": {"filter": "labels.role = web", "within": "all"}}})";

// `motd` is assigned to hosts with role=web, and `peers` to lb1, which names these.
class EditedHostsTest : public PlannerTest {
  protected:
    void SetUp() override {
        PlannerTest::SetUp();
        const std::string web = std::exchange(host_, kBalancer);
        add_host("lb1");
        host_ = web;
        const auto made = edit(
            {.changes = {{ModelKind::environment, "stage", json::Object{}},
                         {ModelKind::application, "motd", *json::parse(kMotd)},
                         {ModelKind::application, "peers", *json::parse(kPeers)},
                         {ModelKind::assignment, "motd", *json::parse(R"({"application": "motd",
                                                      "filter": "labels.role = web"})")},
                         {ModelKind::assignment, "peers",
                          json::Object{{"application", "peers"}, {"host", kBalancer}}}}});
        ASSERT_TRUE(made);
        ASSERT_TRUE(made->wrong.empty()) << made->wrong[0].pointer << " " << made->wrong[0].detail;
        ASSERT_EQ(made->refusal, Refusal::none);
        release();
    }
    EditRequest label(const char* labels) {
        return {.hosts = {{host_, {.name = {}, .labels = *json::parse(labels)}}}};
    }
    EditRequest resource_edit(Kind kind, const std::string& path, const char* description = "{}",
                              commands::Authority authority = commands::Authority::direct) {
        ResourceEdit one;
        one.host = host_;
        one.kind = kind;
        one.authority = authority;
        one.request.ref = {"files", path};
        one.request.description = *json::parse(description);
        return {.resources = {one}};
    }
    // "change /etc/peers on lb1", as the trial of the edit tells it.
    std::vector<std::string> told(EditRequest request) {
        request.is_dry_run = true;
        const auto answer = edit(std::move(request));
        std::vector<std::string> all;
        if (!answer || !answer->trial) return {"not tried"};
        for (const Group& group : answer->trial->groups.groups) {
            for (const GroupedResource& one : group.resources) {
                all.push_back(std::string(to_string(one.change)) + " " + one.ref.id + " on " +
                              group.hosts.front());
            }
        }
        for (const ErrorGroup& group : answer->trial->groups.errors) {
            all.push_back(group.error.code + " on " + group.hosts.front());
        }
        std::sort(all.begin(), all.end());
        return all;
    }
    // Carries it out; what is told of the same edit before must be what has come of it: nothing is
    // left to do.
    void carry_out(const EditRequest& request) {
        const auto answer = edit(EditRequest(request));
        ASSERT_TRUE(answer) << answer.error().what;
        ASSERT_TRUE(answer->wrong.empty());
        ASSERT_EQ(answer->refusal, Refusal::none);
        release();
    }

    static constexpr const char* kBalancer = "host_0192f0c1-0000-7000-8000-000000000002";
};

using Told = std::vector<std::string>;

TEST_F(EditedHostsTest, ALabelIsSeenByTheHostAndByThoseThatKnowIt) {
    EXPECT_EQ(told(label(R"({"role": "web"})")),
              (Told{"add /etc/motd on web1", "change /etc/peers on lb1"}));
    EXPECT_TRUE(read().hosts().find(host_)->value().labels.as_object().empty());
    carry_out(label(R"({"role": "web"})"));
    EXPECT_EQ(file("/etc/motd")["content"], json::Value("web"));
    settle();
    EXPECT_EQ(told(label(R"({"role": "web"})")), Told());
    EXPECT_EQ(told(label(R"({"role": null})")),
              (Told{"change /etc/peers on lb1", "forget /etc/motd on web1"}));
}

TEST_F(EditedHostsTest, AHostIsMovedTogetherWithTheModel) {
    EditRequest both =
        put(ModelKind::assignment, "motd", R"({"application": "motd", "environment": "lab"})");
    both.changes.push_back({ModelKind::environment, "lab", json::Object{}});
    both.hosts.push_back(
        {host_, {.name = {}, .environment = "lab", .labels = *json::parse(R"({"role": "x"})")}});
    EXPECT_EQ(told(both), Told{"add /etc/motd on web1"});
    carry_out(both);
    EXPECT_EQ(file("/etc/motd")["content"], json::Value("x"));
    EXPECT_EQ(read().hosts().find(host_)->value().environment, "lab");
}

TEST_F(EditedHostsTest, AnEnvironmentGoesWithTheHostsThatLeaveIt) {
    change_host([](state::Host& host) { host.environment = "stage"; });
    EditRequest both{.changes = {{ModelKind::environment, "stage", {}}}};
    const auto refused = edit(EditRequest(both));
    ASSERT_TRUE(refused);
    ASSERT_EQ(refused->wrong.size(), 1U);
    both.hosts.push_back({host_, {.name = {}, .environment = "default", .labels = {}}});
    carry_out(both);
    EXPECT_FALSE(planner_->model()->environment("stage"));
}

TEST_F(EditedHostsTest, WhatIsWrongIsNumberedBehindTheObjects) {
    EditRequest request = put(ModelKind::environment, "lab", "{}");
    request.hosts.push_back({host_, {.name = {}, .environment = "nowhere", .labels = {}}});
    request.hosts.push_back({"host_gone", {.name = {}, .environment = "lab", .labels = {}}});
    request.hosts.push_back({host_, {.name = {}, .environment = "lab", .labels = {}}});
    const auto answer = edit(std::move(request));
    ASSERT_TRUE(answer);
    ASSERT_EQ(answer->wrong.size(), 3U);
    EXPECT_EQ(answer->wrong[0].change, 1U);
    EXPECT_EQ(answer->wrong[0].pointer, "/environment");
    EXPECT_EQ(answer->wrong[1].code, "not-found");
    EXPECT_EQ(answer->wrong[2].change, 3U);
    EXPECT_FALSE(planner_->model()->environment("lab"));
}

TEST_F(EditedHostsTest, ALabelAfterWhichAHostWouldNotCompileIsRefused) {
    carry_out(label(R"({"role": "web"})"));
    settle();
    EditRequest always = put(ModelKind::assignment, "motd", R"({"application": "motd"})");
    always.changes[0].body.as_object().set("host", host_);
    carry_out(always);
    const auto answer = edit(label(R"({"role": null})"));
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->refusal, Refusal::does_not_compile);
    EXPECT_EQ(read().hosts().find(host_)->value().labels["role"], json::Value("web"));
}

TEST_F(EditedHostsTest, WhatIsDescribedDirectlyIsToldAndCarriedOut) {
    const EditRequest add = resource_edit(Kind::describe, "/a", R"({"content": "1"})");
    EXPECT_EQ(told(add), Told{"add /a on web1"});
    carry_out(add);
    EXPECT_EQ(file("/a")["content"], json::Value("1"));
    EXPECT_EQ(commands().back(), "apply /a");
    EXPECT_EQ(told(add), Told());
    EXPECT_EQ(told(resource_edit(Kind::describe, "/a", R"({"content": "2"})")),
              Told{"change /a on web1"});
    EXPECT_EQ(told(resource_edit(Kind::forget, "/a")), Told{"forget /a on web1"});
    EXPECT_EQ(told(resource_edit(Kind::remove, "/a")), Told{"remove /a on web1"});
    carry_out(resource_edit(Kind::remove, "/a"));
    EXPECT_EQ(commands().back(), "remove /a");
}

TEST_F(EditedHostsTest, AnOverrideStaysUntilItIsForgotten) {
    carry_out(label(R"({"role": "web"})"));
    settle();
    const EditRequest mine = resource_edit(Kind::describe, "/etc/motd", R"({"content": "mine"})",
                                           commands::Authority::overriding);
    EXPECT_EQ(told(mine), Told{"change /etc/motd on web1"});
    carry_out(mine);
    EXPECT_EQ(file("/etc/motd")["content"], json::Value("mine"));
    EXPECT_TRUE(resource("/etc/motd")->overrides);
    settle();
    const EditRequest ends = resource_edit(Kind::forget, "/etc/motd");
    EXPECT_EQ(told(ends), Told{"change /etc/motd on web1"});
    carry_out(ends);
    EXPECT_EQ(file("/etc/motd")["content"], json::Value("web"));
}

TEST_F(EditedHostsTest, WhatAnAssignmentSaysOtherwiseIsAConflict) {
    EditRequest both = label(R"({"role": "web"})");
    both.resources = resource_edit(Kind::describe, "/etc/motd", R"({"content": "mine"})").resources;
    EXPECT_EQ(told(both), (Told{"change /etc/peers on lb1", "conflict on web1"}));
    const auto answer = edit(std::move(both));
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->refusal, Refusal::does_not_compile);
    EXPECT_FALSE(resource("/etc/motd"));
}

}  // namespace
}  // namespace evenkeel::plans
