#include "orchestrator/compile/compile.hpp"

#include <gtest/gtest.h>

#include "tests/support/page.hpp"
#include "tests/unit/orchestrator/compile/scenario.hpp"

namespace evenkeel::compile {
namespace {

const std::string kPage = test::read_page("applications.md");

Scenario scenario_of(const std::string& heading) {
    Scenario scenario(test::json_block(test::section(kPage, heading), 0));
    for (const WrongPlace& wrong : scenario.wrong) {
        ADD_FAILURE() << heading << ": " << wrong.pointer << ": " << wrong.detail;
    }
    return scenario;
}

const WantedResource* find(const Compiled& compiled, const std::string& resource) {
    for (const WantedResource& each : compiled.resources) {
        if (wire::text_of(each.ref) == resource) return &each;
    }
    return nullptr;
}

// The last table of the part holds what its hosts shall have.
void expect_as_on_the_page(const std::string& heading, int table) {
    Scenario scenario = scenario_of(heading);
    const auto rows = test::table_rows(test::section(kPage, heading), table);
    ASSERT_FALSE(rows.empty()) << heading;
    for (const auto& row : rows) {
        const Compiled compiled = scenario.compile(row[0]);
        for (const CompileError& error : compiled.errors) {
            ADD_FAILURE() << row[0] << " " << error.pointer << ": " << error.detail;
        }
        const WantedResource* resource = find(compiled, row[1]);
        ASSERT_EQ(resource != nullptr, !row[2].empty()) << row[0] << " " << row[1];
        if (!resource) continue;
        EXPECT_EQ(json::write(resource->description), test::code(row[2])) << row[1];
    }
}

TEST(CompileTest, ResourcesAreAsOnThePage) {
    expect_as_on_the_page("Resources", 1);
}
TEST(CompileTest, WhenAndForEachAreAsOnThePage) {
    expect_as_on_the_page("when and for_each", 0);
}
TEST(CompileTest, PeersAreAsOnThePage) {
    expect_as_on_the_page("Peers", 0);
}
TEST(CompileTest, SecretsAreAsOnThePage) {
    expect_as_on_the_page("Secrets", 0);
}

TEST(CompileTest, ErrorsAreAsOnThePage) {
    Scenario scenario = scenario_of("Errors");
    const Compiled compiled = scenario.compile("web1");
    std::string told;
    for (const CompileError& error : compiled.errors) {
        EXPECT_EQ(error.assignment, "web");
        EXPECT_EQ(error.detail.find("hunter2"), std::string::npos);
        told += "| `" + error.pointer + "` | `" + error.code + "` | " + error.detail + " |\n";
    }
    const std::string section = test::section(kPage, "Errors");
    EXPECT_TRUE(section.ends_with("|---|---|---|\n" + told)) << told;
}

TEST(CompileTest, RelationsPolicyAndOwnersAreThere) {
    Scenario scenario = scenario_of("Resources");
    const Compiled compiled = scenario.compile("web1");
    const WantedResource* file = find(compiled, "files /etc/nginx/web1.conf");
    ASSERT_TRUE(file);
    EXPECT_EQ(file->policy, wire::Policy::enforce);
    EXPECT_EQ(file->relations.required, (std::vector<wire::Ref>{{"packages", "nginx"}}));
    EXPECT_EQ(file->owners, (std::vector<Owner>{{"web", "nginx", 1, OnLeave::forget}}));
    scenario.assignment.policy = wire::Policy::audit;
    scenario.assignment.on_leave = OnLeave::remove;
    const Compiled audited = scenario.compile("web1");
    EXPECT_EQ(find(audited, "files /etc/nginx/web1.conf")->policy, wire::Policy::audit);
    EXPECT_EQ(audited.resources[0].owners[0].on_leave, OnLeave::remove);
}

TEST(CompileTest, TheNamesThatAreUsedAreKnown) {
    const Scenario scenario = scenario_of("when and for_each");
    const auto& names = scenario.application().names_used;
    for (const char* name : {"count", "environment.name", "host.facts.os.id", "host.labels.role",
                             "host.name", "limits", "users"}) {
        EXPECT_TRUE(std::find(names.begin(), names.end(), name) != names.end()) << name;
    }
}

TEST(CompileTest, AWrongApplicationIsToldPlaceByPlace) {
    const json::Value body = *json::parse(R"({
        "colour": 1, "note": 3,
        "parameters": {"properties": {"host": {}, "a": {"x-ek-merge": "deep"}}},
        "peers": {"Web": {}, "web": {"filter": "connection = online", "within": "world",
                                     "min": -1, "more": 1}},
        "resources": [
          {"id": 3, "description": [], "policy": "maybe", "requires": {}, "template": 1,
           "on_leave": "stay", "when": "a = ", "for_each": "a b"},
          {"collection": "files", "id": "/{{a", "description": {"content": ["{{#x}}"]}}, 7]})");
    std::vector<WrongPlace> wrong;
    read_application("a", 1, body, wrong);
    std::vector<std::string> told;
    for (const WrongPlace& each : wrong) told.push_back(each.pointer + " " + each.code);
    EXPECT_EQ(told, (std::vector<std::string>{"/colour unknown-field",
                                              "/note invalid",
                                              "/parameters/properties/host invalid",
                                              "/parameters/properties/a/x-ek-merge invalid",
                                              "/peers/Web invalid",
                                              "/peers/web/more unknown-field",
                                              "/peers/web/filter bad-filter",
                                              "/peers/web/within invalid",
                                              "/peers/web/min invalid",
                                              "/resources/0/collection invalid",
                                              "/resources/0/id invalid",
                                              "/resources/0/description invalid",
                                              "/resources/0/requires invalid",
                                              "/resources/0/policy invalid",
                                              "/resources/0/on_leave invalid",
                                              "/resources/0/template invalid",
                                              "/resources/0/when bad-filter",
                                              "/resources/0/for_each bad-template",
                                              "/resources/1/id bad-template",
                                              "/resources/1/description/content/0 bad-template",
                                              "/resources/2 invalid"}));
}

}  // namespace
}  // namespace evenkeel::compile
