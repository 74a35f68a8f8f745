#include "orchestrator/plans/impact.hpp"

#include "core/base/text.hpp"
#include "orchestrator/plans/model_index.hpp"
#include "tests/unit/orchestrator/plans/planner_fixture.hpp"

namespace evenkeel::plans {
namespace {

const char* const kWeb = R"({"parameters": {"properties": {"port": {"type": "integer"}}},
    "resources": [
      {"collection": "files", "id": "/etc/port", "description": {"content": "{{port}}"}},
      {"collection": "files", "id": "/etc/{{host.name}}", "description": {"content": "{{port}}"}},
      {"collection": "files", "id": "/etc/other", "description": {"content": "{{other}}"}}]})";

class ImpactTest : public PlannerTest {
  protected:
    void SetUp() override {
        PlannerTest::SetUp();
        add({"web2"}, "prod");
        add({"web3"}, "prod/eu");
        const auto answer = edit(
            {.changes = {{ModelKind::environment, "prod", *json::parse("{}")},
                         {ModelKind::environment, "prod/eu", *json::parse("{}")},
                         {ModelKind::application, "web", *json::parse(kWeb)},
                         {ModelKind::assignment, "web", *json::parse(R"({"application": "web"})")},
                         {ModelKind::setting, "global port", *json::parse(R"({"value": 80})")},
                         {ModelKind::setting, "global other", *json::parse(R"({"value": 1})")}}});
        ASSERT_TRUE(answer) << answer.error().what;
        ASSERT_TRUE(answer->wrong.empty()) << answer->wrong[0].detail;
    }
    static std::string id_of(const std::string& name) {
        return "host_0192f0c1-0000-7000-8000-" + std::string(12 - name.size() * 2, '0') +
               to_hex(name);
    }
    // Not connected ever.
    void add(const std::vector<std::string>& names, const std::string& environment) {
        change([&](state::Edit& edit) -> Result<void> {
            for (const std::string& name : names) {
                state::Host host;
                host.id = id_of(name);
                host.name = name;
                host.environment = environment;
                EK_CHECK(edit.hosts().put_name(host.name, host.id));
                EK_CHECK(edit.hosts().put(host));
            }
            return {};
        });
    }
    void set(const std::string& name, const char* body) {
        const auto answer = edit(put(ModelKind::setting, name, body));
        ASSERT_TRUE(answer) << answer.error().what;
        ASSERT_TRUE(answer->wrong.empty()) << answer->wrong[0].detail;
    }
    json::Value impact_of(const char* scope, const char* key) {
        const auto view = read();
        const auto index = planner_->index();
        const std::atomic<bool> stops{false};
        const auto found =
            find_impact({view, *index, stops}, schemas_, {*compile::read_scope(scope), key});
        EXPECT_TRUE(found) << found.error().what;
        return found ? found->shown() : json::Value();
    }
    // "count: hosts: ids" of each group.
    std::vector<std::string> groups_of(const char* scope, const char* key) {
        const json::Value shown = impact_of(scope, key);
        std::vector<std::string> texts;
        for (const json::Value& group : shown["groups"].as_array()) {
            std::string text = json::write(group["count"]) + ":";
            for (const json::Value& host : group["hosts"].as_array())
                text += " " + host.as_string();
            text += ":";
            for (const json::Value& each : group["resources"].as_array()) {
                text += " " + each.string_or("id");
            }
            texts.push_back(std::move(text));
        }
        return texts;
    }
};

using Told = std::vector<std::string>;

TEST_F(ImpactTest, HostsWithTheSameResourcesAreOneGroup) {
    EXPECT_EQ(groups_of("global", "port"),
              (Told{"3: web1 web2 web3: /etc/port", "1: web1: /etc/web1", "1: web2: /etc/web2",
                    "1: web3: /etc/web3"}));
    const json::Value shown = impact_of("global", "port");
    EXPECT_EQ(json::write(shown["summary"]), R"({"hosts":3,"resources":6})");
    EXPECT_EQ(shown["more_groups"], json::Value(0));
    EXPECT_EQ(json::write(shown["groups"].as_array()[0]["resources"]),
              R"([{"collection":"files","id":"/etc/port"}])");
    EXPECT_EQ(groups_of("global", "other"), (Told{"3: web1 web2 web3: /etc/other"}));
    EXPECT_EQ(groups_of("global", "nobody"), Told());
}

TEST_F(ImpactTest, OnlyHostsWhoseValueComesFromTheScopeCount) {
    set("environment:prod other", R"({"value": 2})");
    EXPECT_EQ(groups_of("global", "other"), (Told{"1: web1: /etc/other"}));
    EXPECT_EQ(groups_of("environment:prod", "other"), (Told{"2: web2 web3: /etc/other"}));
    // What is not set yet counts where it would.
    EXPECT_EQ(groups_of("environment:prod/eu", "other"), (Told{"1: web3: /etc/other"}));
    EXPECT_EQ(groups_of(("host:" + id_of("web2")).c_str(), "other"), (Told{"1: web2: /etc/other"}));
    EXPECT_EQ(groups_of("assignment:web", "other"), (Told{"1: web1: /etc/other"}));
}

TEST_F(ImpactTest, AKeyOfOneApplicationCountsForThatAlone) {
    EXPECT_EQ(groups_of("global", "web:other"), (Told{"3: web1 web2 web3: /etc/other"}));
    EXPECT_EQ(groups_of("global", "mail:other"), Told());
    set("environment:prod web:other", R"({"value": 2})");
    EXPECT_EQ(groups_of("environment:prod", "other"), Told());
    EXPECT_EQ(groups_of("environment:prod", "web:other"), (Told{"2: web2 web3: /etc/other"}));
}

TEST_F(ImpactTest, LinksLeadToWhereTheyAreUsed) {
    set("global base", R"({"value": 7})");
    EXPECT_EQ(groups_of("global", "base"), Told());
    set("environment:prod other", R"({"link": {"scope": "global", "key": "base"}})");
    EXPECT_EQ(groups_of("global", "base"), (Told{"2: web2 web3: /etc/other"}));
    set("host:" + id_of("web2") + " other", R"({"value": 3})");
    EXPECT_EQ(groups_of("global", "base"), (Told{"1: web3: /etc/other"}));
}

TEST_F(ImpactTest, AMissingSettingWouldCountOnHostsThatDoNotCompile) {
    EditRequest erase{.changes = {{ModelKind::setting, "global other", {}}}};
    erase.allows_errors = true;
    ASSERT_TRUE(edit(std::move(erase)));
    EXPECT_EQ(groups_of("global", "other"), (Told{"3: web1 web2 web3: /etc/other"}));
}

TEST_F(ImpactTest, ThereAreAtMost100Groups) {
    std::vector<std::string> names;
    for (int i = 100; i < 220; ++i) names.push_back("web" + std::to_string(i));
    add(names, "prod");
    const json::Value shown = impact_of("environment:prod", "port");
    EXPECT_EQ(json::write(shown["summary"]), R"({"hosts":122,"resources":244})");
    EXPECT_EQ(shown["groups"].as_array().size(), 100U);
    EXPECT_EQ(shown["more_groups"], json::Value(23));
    EXPECT_EQ(shown["groups"].as_array()[0]["count"], json::Value(122));
    EXPECT_EQ(shown["groups"].as_array()[0]["hosts"].as_array().size(), 20U);
}

TEST_F(ImpactTest, ItEndsWhenNobodyWaitsAnyMore) {
    const auto view = read();
    const auto index = planner_->index();
    const std::atomic<bool> stops{true};
    const auto found = find_impact({view, *index, stops}, schemas_, {{}, "port"});
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, Errc::cancelled);
}

}  // namespace
}  // namespace evenkeel::plans
