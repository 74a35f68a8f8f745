#include "orchestrator/plans/difference.hpp"

#include "orchestrator/plans/hash.hpp"
#include "tests/unit/orchestrator/plans/fleet.hpp"

namespace evenkeel::plans {
namespace {

using compile::OnLeave;
using Told = std::vector<std::string>;

compile::WantedResource wanted(const std::string& id, const char* description,
                               const std::vector<std::string>& required = {},
                               OnLeave on_leave = OnLeave::forget) {
    compile::WantedResource resource{.ref = {"files", id},
                                     .description = *json::parse(description)};
    for (const std::string& one : required) resource.relations.required.push_back({"files", one});
    resource.owners.push_back({"web", "nginx", 1, on_leave});
    return resource;
}

compile::Compiled compiled(std::vector<compile::WantedResource> resources) {
    return {std::move(resources), {}};
}

// "add /a", "change /a /content /policy": id and paths.
Told told(const HostDifference& difference) {
    Told all;
    for (const ResourceDifference& each : difference.resources) {
        std::string text = std::string(to_string(each.change)) + " " + each.ref.id;
        for (const std::string& path : each.paths) text += " " + path;
        all.push_back(std::move(text));
    }
    for (const compile::CompileError& error : difference.errors) {
        all.push_back(error.assignment + " " + error.code + ": " + error.detail);
    }
    return all;
}

// A host to which these were applied.
DescribedHost host_with(std::vector<compile::WantedResource> resources) {
    DescribedHost host;
    host.apply(host.difference(compiled(std::move(resources))));
    return host;
}

TEST(DifferenceTest, WhatComesChangesAndGoes) {
    DescribedHost host = host_with(
        {wanted("/a", R"({"content": "1", "mode": "0644", "x": {"y": 1, "z": [1]}})"),
         wanted("/b", "{}"), wanted("/c", "{}"), wanted("/d", "{}", {}, OnLeave::remove)});
    compile::WantedResource changed = wanted("/b", "{}", {"/a"});
    changed.policy = wire::Policy::enforce;
    changed.relations.notified.push_back({{"files", "/a"}, "reload"});
    EXPECT_EQ(told(host.difference(compiled(
                  {wanted("/a", R"({"content": "2", "owner": "x", "x": {"y": 1, "z": [2]}})"),
                   std::move(changed), wanted("/new", "{}")}))),
              (Told{"change /a /content /mode /owner /x/z", "change /b /notifies /policy /requires",
                    "add /new", "remove /d", "forget /c"}));
}

TEST(DifferenceTest, OwnersAloneTouchNoMachine) {
    const DescribedHost host = host_with({wanted("/a", "{}")});
    compile::WantedResource newer = wanted("/a", "{}");
    newer.owners[0].version = 2;
    EXPECT_EQ(told(host.difference(compiled({newer}))), (Told{"own /a"}));
}

TEST(DifferenceTest, OfSeveralOwnersRemoveOutweighsButNotUnderAudit) {
    compile::WantedResource resource = wanted("/a", "{}");
    resource.owners.push_back({"base", "base", 1, OnLeave::remove});
    EXPECT_EQ(told(host_with({resource}).difference({})), (Told{"remove /a"}));
    resource.policy = wire::Policy::audit;
    EXPECT_EQ(told(host_with({resource}).difference({})), (Told{"forget /a"}));
}

TEST(DifferenceTest, WhatWasPutDirectlyIsTakenOverWhenEqualOrAdopted) {
    DescribedHost host;
    host.put_directly({"files", "/a"}, *json::parse(R"({"content": "hunter2"})"));
    host.put_directly({"files", "/z"}, json::Object{});
    EXPECT_EQ(told(host.difference(compiled({wanted("/a", R"({"content": "hunter2"})")}))),
              (Told{"own /a"}));
    const auto other = compiled({wanted("/a", R"({"content": "hunter3"})"), wanted("/b", "{}")});
    EXPECT_EQ(
        told(host.difference(other)),
        (Told{"web conflict: files /a was put directly and says otherwise about /content; say "
              "\"adopt\": true in the assignment, or forget the resource"}));
    EXPECT_EQ(told(host.difference(other, true)), (Told{"change /a /content", "add /b"}));
    // The host's own is replaced, which must be sent.
    host.at({"files", "/a"}).origin = wire::Origin::local;
    EXPECT_EQ(told(host.difference(compiled({wanted("/a", R"({"content": "hunter2"})")}))),
              (Told{"change /a /origin"}));
}

TEST(DifferenceTest, WhatOverridesIsLeftAlone) {
    DescribedHost host = host_with({wanted("/a", R"({"content": "1"})")});
    host.at({"files", "/a"}).overrides = true;
    EXPECT_TRUE(host.difference(compiled({wanted("/a", R"({"content": "2"})")})).empty());
    EXPECT_TRUE(host.difference({}).empty());
}

TEST(DifferenceTest, WhatIsBeingRemovedComesBackOnlyWhenWanted) {
    DescribedHost host = host_with({wanted("/a", "{}", {}, OnLeave::remove)});
    host.at({"files", "/a"}).is_removing = true;
    EXPECT_TRUE(host.difference({}).empty());
    EXPECT_EQ(told(host.difference(compiled({wanted("/a", "{}")}))), (Told{"add /a"}));
}

TEST(DifferenceTest, RequirementsComeFirstAndGoLast) {
    const auto three = [] {
        return compiled(
            {wanted("/a", "{}", {"/b"}), wanted("/b", "{}", {"/c"}), wanted("/c", "{}")});
    };
    DescribedHost host;
    EXPECT_EQ(told(host.difference(three())), (Told{"add /c", "add /b", "add /a"}));
    host.apply(host.difference(three()));
    EXPECT_EQ(told(host.difference({})), (Told{"forget /a", "forget /b", "forget /c"}));
}

TEST(DifferenceTest, WrongRequirementsAreErrors) {
    DescribedHost host = host_with({wanted("/old", "{}")});
    host.put_directly({"files", "/direct"}, json::Object{}, {{"files", "/old"}, {"files", "/a"}});
    EXPECT_EQ(told(host.difference(compiled(
                  {wanted("/a", "{}", {"/b"}), wanted("/b", "{}", {"/a"}), wanted("/old", "{}")}))),
              (Told{"web invalid-relation: files /a: a cycle: files /a -> files /b -> files /a"}));
    // Also through what was put directly.
    EXPECT_EQ(
        told(host.difference(compiled({wanted("/a", "{}", {"/direct"}), wanted("/old", "{}")}))),
        (Told{"web invalid-relation: files /a: a cycle: files /a -> files /direct -> files /a"}));
    EXPECT_EQ(told(host.difference(compiled({wanted("/old", "{}"), wanted("/x", "{}", {"/no"})}))),
              (Told{"web invalid-relation: files /x: files /no is neither given here nor described "
                    "on the host: describe it, or leave it out of requires"}));
    EXPECT_EQ(told(host.difference(compiled({wanted("/a", "{}", {"/old"})}))),
              (Told{"web required: files /old would go, and is required by files /a and files "
                    "/direct"}));
}

TEST(DifferenceTest, ErrorsOfCompilingLeaveTheHostAsItIs) {
    compile::Compiled wrong = compiled({wanted("/a", "{}")});
    wrong.errors.push_back({"web", "/resources/0", "conflict", "x"});
    EXPECT_EQ(told(DescribedHost().difference(wrong)), (Told{"web conflict: x"}));
}

TEST(DifferenceTest, WhatCannotBeOpenedDiffersAsAWhole) {
    const DescribedHost host = host_with({wanted("/a", R"({"content": "1"})")});
    DifferenceSources sources = host.sources(false);
    sources.open = {};
    const auto other = compiled({wanted("/a", R"({"content": "2"})")});
    EXPECT_EQ(told(difference(host.described(), other, sources)), (Told{"change /a "}));
    // Equal ones are not opened.
    sources.open = [](const wire::Ref&) -> std::optional<json::Value> {
        ADD_FAILURE() << "opened";
        return std::nullopt;
    };
    EXPECT_TRUE(
        difference(host.described(), compiled({wanted("/a", R"({"content": "1"})")}), sources)
            .empty());
}

TEST(DifferenceTest, VeryManyPathsAreOne) {
    json::Object many;
    for (std::size_t i = 0; i <= kPathsMost; ++i) many.append("m" + std::to_string(i), 1);
    EXPECT_EQ(differing_paths(json::Object{}, many), (Told{""}));
    many.erase("m0");
    EXPECT_EQ(differing_paths(json::Object{}, many).size(), kPathsMost);
}

std::string code_of(std::string_view text) {
    return std::to_string(std::hash<std::string_view>()(text));
}

std::string hash_of(const compile::Compiled& compiled, const std::string& host = "h") {
    PlanHash hash(code_of);
    hash.add(host, DescribedHost().difference(compiled));
    return hash.finish();
}

TEST(PlanHashTest, AnythingThatDiffersGivesAnotherHash) {
    std::set<std::string> hashes = {PlanHash(code_of).finish()};
    const auto expect_new = [&](compile::WantedResource resource) {
        EXPECT_TRUE(hashes.insert(hash_of(compiled({std::move(resource)}))).second);
    };
    const compile::WantedResource first = wanted("/a", R"({"content": "1"})");
    expect_new(first);
    expect_new(wanted("/a", R"({"content": "2"})"));
    expect_new(wanted("/b", R"({"content": "1"})"));
    auto other = first;
    other.policy = wire::Policy::audit;
    expect_new(other);
    other = first;
    other.owners[0].version = 2;
    expect_new(other);
    other = first;
    other.owners[0].on_leave = OnLeave::remove;
    expect_new(other);
    EXPECT_TRUE(hashes.insert(hash_of(compiled({first}), "other")).second);
    EXPECT_TRUE(hashes.insert(hash_of({{}, {{"web", "/resources/0", "conflict", "x"}}})).second);
    EXPECT_FALSE(hashes.insert(hash_of(compiled({first}))).second);
    EXPECT_FALSE(hashes.insert(hash_of({})).second);
}

TEST(PlanHashTest, WhatWasThereBeforeCounts) {
    const auto with = [](const std::string& before) {
        PlanHash hash(code_of);
        hash.add("h", DescribedHost().difference(compiled({wanted("/a", R"({"content": "1"})")})),
                 [&](const wire::Ref&) { return before; });
        return hash.finish();
    };
    EXPECT_EQ(with("x"), with("x"));
    EXPECT_NE(with("x"), with("y"));
}

TEST(PlanHashTest, ADescriptionIsSeenByTheKeyedCodeAlone) {
    std::vector<std::string> coded;
    const auto with = [&](const std::string& key) {
        PlanHash hash([&, key](std::string_view text) {
            coded.emplace_back(text);
            return code_of(key + std::string(text));
        });
        hash.add("h", DescribedHost().difference(compiled({wanted("/a", R"({"b": 1, "a": 2})")})));
        return hash.finish();
    };
    EXPECT_NE(with("key"), with("other"));
    EXPECT_EQ(coded.front(), R"({"a":2,"b":1})");
}

}  // namespace
}  // namespace evenkeel::plans
