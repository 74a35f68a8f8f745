#include "orchestrator/plans/touched.hpp"

#include "tests/unit/orchestrator/plans/fleet.hpp"

namespace evenkeel::plans {
namespace {

using Told = std::vector<std::string>;

const char* const kNginx = R"({"parameters": {"properties": {"port": {"default": 80}}},
    "peers": {"db": {"filter": "labels.role = db"}, "unused": {"filter": "labels.role = web"}},
    "resources": [{"collection": "files", "id": "/a",
      "description": {"content":
        "{{port}} {{host.labels.zone}} {{#peers.db}}{{name}}{{/peers.db}}"}}]})";
const char* const kBase = R"({"resources": [{"collection": "files", "id": "/b",
    "description": {"content": "{{motd}}"}}]})";

class TouchedTest : public ::testing::Test {
  protected:
    void SetUp() override {
        for (const compile::Host& host :
             {host_of("web1", "prod/eu", R"({"role": "web", "zone": "a"})"),
              host_of("web2", "stage", R"({"role": "web", "zone": "b"})"),
              host_of("db1", "prod/eu", R"({"role": "db"})"), host_of("alone")}) {
            hosts_.emplace(host.id, host);
        }
        edit({put(ModelKind::environment, "prod", "{}"),
              put(ModelKind::environment, "prod/eu", "{}"),
              put(ModelKind::environment, "stage", "{}"),
              put(ModelKind::application, "nginx", kNginx),
              put(ModelKind::application, "base", kBase),
              put(ModelKind::setting, "global motd", R"({"value": "hi"})"),
              put(ModelKind::assignment, "web",
                  R"({"application": "nginx", "filter": "labels.role = web"})"),
              put(ModelKind::assignment, "base", R"({"application": "base"})")});
    }

    // The hosts that the changes touch, which are made. Settings that are not there change nothing
    // here: each edit is one of the model as it was at first.
    Told edit(const std::vector<ObjectChange>& changes) {
        model::Edited edited = editing_.edit(model_, changes, hosts_);
        for (const model::WrongChange& wrong : edited.wrong) ADD_FAILURE() << wrong.detail;
        const ModelIndex before(model_);
        const ModelIndex after(before, edited.model, edited.writes);
        const TouchedHosts touched = plans::touched(before, after, edited.writes);
        look_up_ = touched.look_up();
        model_ = std::move(edited.model);
        Told names;
        for (const auto& [id, host] : hosts_) {
            if (touched.contains(host)) names.push_back(id);
        }
        return names;
    }
    Told set(const std::string& name, const char* body = R"({"value": 1})") {
        return edit({put(ModelKind::setting, name, body)});
    }

    // "itself" and the hosts that are touched by rules, with the rule.
    Told change(const std::string& id, const std::vector<std::string>& names,
                const compile::Host* before = nullptr) {
        const ModelIndex index(model_);
        const TouchedByHost touched = touched_by(index, {before, &hosts_.at(id), names});
        Told all;
        if (touched.is_itself) all.emplace_back("itself");
        for (const TouchedRule& each : touched.rules) {
            for (const auto& [other, host] : hosts_) {
                if (each.touches(host)) all.push_back(other + " by " + each.rule->name);
            }
        }
        return all;
    }

    Editing editing_;
    model::Model model_;
    Hosts hosts_;
    HostLookUp look_up_;
};

TEST_F(TouchedTest, ASettingTouchesWhoUsesItInItsScope) {
    EXPECT_EQ(set("global port"), (Told{"web1", "web2"}));
    EXPECT_TRUE(look_up_.is_all);
    EXPECT_EQ(set("environment:prod port"), (Told{"web1"}));
    EXPECT_EQ(look_up_.environments, (Told{"prod"}));
    EXPECT_EQ(set("host:web2 port"), (Told{"web2"}));
    EXPECT_EQ(look_up_.hosts, (Told{"web2"}));
    EXPECT_TRUE(look_up_.environments.empty());
    EXPECT_EQ(set("host:db1 port"), Told());
    EXPECT_EQ(set("assignment:web port"), (Told{"web1", "web2"}));
    EXPECT_EQ(set("assignment:base port"), Told());
    EXPECT_EQ(set("global nginx:port"), (Told{"web1", "web2"}));
    EXPECT_EQ(set("global base:port"), Told());
    EXPECT_EQ(set("global nobody"), Told());
    EXPECT_EQ(set("environment:stage motd"), (Told{"web2"}));
    // As it was; and gone.
    EXPECT_EQ(set("global port"), Told());
    EXPECT_EQ(edit({erase(ModelKind::setting, "host:web2 port")}), (Told{"web2"}));
}

TEST_F(TouchedTest, LinksAreFollowed) {
    EXPECT_EQ(set("environment:stage port", R"({"link": {"scope": "global", "key": "one"}})"),
              (Told{"web2"}));
    EXPECT_EQ(set("global one", R"({"link": {"scope": "host:db1", "key": "two"}})"),
              (Told{"web2"}));
    EXPECT_EQ(set("host:db1 two"), (Told{"web2"}));
    // A circle ends.
    EXPECT_EQ(set("host:db1 two", R"({"link": {"scope": "global", "key": "one"}})"),
              (Told{"web2"}));
    // Without the link it is no longer so.
    EXPECT_EQ(set("environment:stage port"), (Told{"web2"}));
    EXPECT_EQ(set("host:db1 two"), Told());
}

TEST_F(TouchedTest, ApplicationsAndAssignmentsTouchTheirHostsBeforeAndAfter) {
    EXPECT_EQ(edit({put(ModelKind::application, "nginx", R"({"resources": []})")}),
              (Told{"web1", "web2"}));
    EXPECT_EQ(edit({put(ModelKind::assignment, "web", R"({"application": "nginx", "version": 2,
                  "filter": "labels.role = db", "environment": "prod"})")}),
              (Told{"db1", "web1", "web2"}));
    // A version that is pinned stays.
    EXPECT_EQ(edit({put(ModelKind::application, "nginx", kNginx)}), Told());
    EXPECT_EQ(edit({put(ModelKind::assignment, "web", R"({"application": "nginx", "version": 2,
                  "filter": "labels.role = db", "environment": "prod", "note": "x"})")}),
              Told());
    EXPECT_EQ(edit({put(ModelKind::assignment, "web",
                        R"({"application": "nginx", "host": "alone", "enabled": false})")}),
              (Told{"db1"}));
    EXPECT_EQ(
        edit({put(ModelKind::assignment, "web", R"({"application": "nginx", "host": "alone"})")}),
        (Told{"alone"}));
    EXPECT_EQ(look_up_.hosts, (Told{"alone"}));
    EXPECT_EQ(edit({erase(ModelKind::assignment, "web")}), (Told{"alone"}));
}

TEST_F(TouchedTest, EnvironmentsTouchNobody) {
    EXPECT_EQ(edit({put(ModelKind::environment, "prod", R"({"protected": true})"),
                    put(ModelKind::environment, "other", "{}")}),
              Told());
}

TEST_F(TouchedTest, AHostIsCompiledForWhatItUses) {
    EXPECT_EQ(change("web1", {"host.labels.zone"}), (Told{"itself"}));
    EXPECT_EQ(change("web1", {"host.labels.other"}), Told());
    EXPECT_EQ(change("web1", {"host.facts.memory"}), Told());
    EXPECT_EQ(change("alone", {"host.labels.zone"}), Told());
    EXPECT_EQ(change("alone", {"environment.name"}), (Told{"itself"}));
    // A filter of an assignment uses it. What it was before is not known, or it is.
    EXPECT_EQ(change("alone", {"host.labels.role"}), (Told{"itself"}));
    const compile::Host other = host_of("alone", "default", R"({"role": "mail"})");
    EXPECT_EQ(change("alone", {"host.labels.role"}, &other), Told());
    const compile::Host web = host_of("alone", "default", R"({"role": "web"})");
    EXPECT_EQ(change("alone", {"host.labels.role"}, &web), (Told{"itself"}));
    EXPECT_EQ(change("alone", {"*"}, &web), (Told{"itself"}));
}

TEST_F(TouchedTest, PeersTouchThoseWhoseRulesFindThem) {
    hosts_.emplace("above", host_of("above", "prod", R"({"role": "web", "zone": "c"})"));
    EXPECT_EQ(change("db1", {"host.facts.ip"}), (Told{"above by db", "web1 by db"}));
    // Nobody's rule finds it, and no rule that is used asks for the label.
    EXPECT_EQ(change("alone", {"host.labels.zone"}), Told());
    // It may have been one.
    EXPECT_EQ(change("web2", {"host.labels.role"}), (Told{"itself", "web2 by db"}));
    const compile::Host mail = host_of("db1", "prod/eu", R"({"role": "mail"})");
    EXPECT_EQ(change("db1", {"host.labels.role"}, &mail), (Told{"above by db", "web1 by db"}));
    EXPECT_EQ(change("alone", {"host.labels.role"}, &mail), Told());
    // It has moved.
    const compile::Host there = host_of("db1", "stage", R"({"role": "db"})");
    EXPECT_EQ(change("db1", {"environment.name"}, &there),
              (Told{"itself", "above by db", "web1 by db", "web2 by db"}));
    EXPECT_EQ(change("db1", {"environment.name"}),
              (Told{"itself", "above by db", "web1 by db", "web2 by db"}));
}

// Of hosts that must be there, and that no template looks up, only the number counts.
TEST_F(TouchedTest, PeersThatAreOnlyCountedTouchWhenOneComesOrGoes) {
    edit({put(ModelKind::application, "base", R"({"resources": [],
        "peers": {"web": {"filter": "labels.role = web", "within": "all", "min": 1}}})")});
    const compile::Host mail = host_of("web1", "prod/eu", R"({"role": "mail", "zone": "a"})");
    EXPECT_EQ(change("web1", {"host.labels.role"}, &mail),
              (Told{"itself", "alone by web", "db1 by web", "web1 by web", "web2 by web"}));
    EXPECT_EQ(change("web1", {"host.facts.ip"}, &hosts_.at("web1")), Told());
}

TEST_F(TouchedTest, WhatIsGoneTouchesItsPeers) {
    const ModelIndex index(model_);
    const TouchedByHost touched = touched_by(index, {&hosts_.at("db1"), nullptr, {"*"}});
    EXPECT_FALSE(touched.is_itself);
    ASSERT_EQ(touched.rules.size(), 1U);
    EXPECT_TRUE(touched.rules[0].touches(hosts_.at("web1")));
    EXPECT_FALSE(touched.rules[0].touches(hosts_.at("web2")));
}

}  // namespace
}  // namespace evenkeel::plans
