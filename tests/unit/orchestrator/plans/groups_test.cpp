#include "orchestrator/plans/groups.hpp"

#include <algorithm>
#include <random>

#include <gtest/gtest.h>

namespace evenkeel::plans {
namespace {

using Told = std::vector<std::string>;

ResourceDifference of(ChangeKind change, const std::string& id,
                      std::vector<std::string> paths = {}) {
    return {{"files", id}, change, std::move(paths), {}};
}

struct Added {
    PlannedHost host;
    HostDifference difference;
};
Added added(const std::string& name, std::vector<ResourceDifference> resources,
            std::vector<compile::CompileError> errors = {}) {
    return {{"id-" + name, name}, {std::move(resources), std::move(errors)}};
}

Groups groups_of(const std::vector<Added>& all) {
    Groups groups;
    for (const Added& each : all) {
        groups.add(each.host, each.difference, [&](const ResourceDifference& resource) {
            return json::Array{
                json::Object{{"path", "/content"}, {"after", each.host.name + resource.ref.id}}};
        });
    }
    return groups;
}

// "2 web1,web2: remove /a; change /b /mode".
Told told(const GroupList& list) {
    Told all;
    for (const Group& group : list.groups) {
        std::string text = std::to_string(group.count);
        for (const std::string& host : group.hosts) text += " " + host;
        for (const GroupedResource& each : group.resources) {
            text += "; " + std::string(to_string(each.change)) + " " + each.ref.id;
            for (const std::string& path : each.paths) text += " " + path;
        }
        all.push_back(std::move(text));
    }
    return all;
}

TEST(GroupsTest, HostsWithTheSameAreOneAndRemovalsComeFirst) {
    const auto web = [](const std::string& name) {
        return added(name, {of(ChangeKind::add, "/new"), of(ChangeKind::change, "/a", {"/mode"})});
    };
    std::vector<Added> all = {
        web("web2"),
        web("web1"),
        added("db1", {of(ChangeKind::change, "/a", {"/owner"}), of(ChangeKind::forget, "/f")}),
        added("old", {of(ChangeKind::add, "/z"), of(ChangeKind::remove, "/old")}),
        added("same", {of(ChangeKind::own, "/a")}),
        added("none", {}),
        added("wrong1", {}, {{"web", "/resources/0", "conflict", "x"}}),
        added(
            "wrong2", {},
            {{"web", "/resources/0", "conflict", "x"}, {"web", "/resources/0", "conflict", "x"}})};
    const Groups groups = groups_of(all);
    const GroupList list = groups.finish();
    EXPECT_EQ(told(list), (Told{"1 old; remove /old; add /z", "1 db1; forget /f; change /a /owner",
                                "2 web1 web2; add /new; change /a /mode"}));
    EXPECT_EQ(list.more, 0U);
    EXPECT_EQ(json::write(encode(groups.summary())),
              R"({"hosts":4,"added":3,"changed":3,"forgotten":1,"removed":1,"errors":2})");
    EXPECT_EQ(json::write(encode(list.groups[2])),
              R"({"count":2,"hosts":["web1","web2"],"resources":[)"
              R"({"collection":"files","id":"/new","change":"add","paths":[],)"
              R"("sample":{"host":"web1","fields":[{"path":"/content","after":"web1/new"}]}},)"
              R"({"collection":"files","id":"/a","change":"change","paths":["/mode"],)"
              R"("sample":{"host":"web1","fields":[{"path":"/content","after":"web1/a"}]}}]})");
    ASSERT_EQ(list.errors.size(), 1U);
    EXPECT_EQ(json::write(encode(list.errors[0])),
              R"({"assignment":"web","pointer":"/resources/0","code":"conflict","detail":"x",)"
              R"("count":2,"hosts":["wrong1","wrong2"]})");
}

TEST(GroupsTest, OfManyHostsTheFirstByNameAreNamed) {
    std::vector<Added> all;
    for (int i = 999; i >= 100; --i) {
        all.push_back(added(std::to_string(i), {of(ChangeKind::add, "/a")}));
    }
    const GroupList list = groups_of(all).finish();
    ASSERT_EQ(list.groups.size(), 1U);
    EXPECT_EQ(list.groups[0].count, 900U);
    EXPECT_EQ(list.groups[0].hosts.size(), kGroupHostsMost);
    EXPECT_EQ(list.groups[0].hosts.front(), "100");
    EXPECT_EQ(list.groups[0].hosts.back(), "119");
    EXPECT_EQ(list.groups[0].resources[0].sample_host, "100");
}

TEST(GroupsTest, MoreThanAreKeptAreCounted) {
    std::vector<Added> all;
    for (std::size_t i = 0; i < kGroupKeysMost + 500; ++i) {
        const std::string name = std::to_string(10'000 + i);
        all.push_back(added(name, {of(ChangeKind::add, "/" + name)}));
    }
    all.push_back(added("z", {of(ChangeKind::remove, "/z")}));
    std::mt19937 random(7);
    std::string first;
    for (int round = 0; round < 3; ++round) {
        const GroupList list = groups_of(all).finish();
        EXPECT_EQ(list.groups.size(), kGroupKeysMost);
        EXPECT_EQ(list.more, 501U);
        EXPECT_EQ(list.groups[0].resources[0].change, ChangeKind::remove);
        std::string text;
        for (const Group& group : list.groups) text += json::write(encode(group));
        if (round == 0) first = text;
        EXPECT_EQ(text, first);
        std::shuffle(all.begin(), all.end(), random);
    }
}

TEST(GroupsTest, LargeSamplesAreCut) {
    Groups groups;
    const HostDifference difference{{of(ChangeKind::change, "/a", {"/b", "/c"})}, {}};
    groups.add({"h", "h"}, difference, [](const ResourceDifference&) {
        return json::Array{
            json::Object{{"path", "/b"}, {"after", std::string(kSampleBytesMost, 'x')}},
            json::Object{{"path", "/c"}, {"after", 1}}};
    });
    EXPECT_EQ(json::write(groups.finish().groups[0].resources[0].sample),
              R"([{"path":"/b","omitted":true},{"path":"/c","after":1}])");
}

}  // namespace
}  // namespace evenkeel::plans
