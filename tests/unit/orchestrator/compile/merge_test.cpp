#include <algorithm>
#include <random>

#include <gtest/gtest.h>

#include "orchestrator/compile/resources.hpp"
#include "tests/support/page.hpp"

namespace evenkeel::compile {
namespace {

using wire::Policy;

MadeResource made(const std::string& assignment, json::Value description,
                  Policy policy = Policy::report, OnLeave on_leave = OnLeave::forget) {
    return {.resource = {.ref = {"files", "/etc/x"},
                         .description = std::move(description),
                         .policy = policy,
                         .owners = {{assignment, "app", 1, on_leave}}},
            .pointer = "/resources/0"};
}

// A cell such as "`{"mode":"0644"}` enforce".
MadeResource made_of(const std::string& assignment, const std::string& cell) {
    const std::string after = cell.substr(cell.rfind('`') + 1);
    return made(assignment, *json::parse(test::code(cell)),
                after.empty() ? Policy::report : *wire::policy_from(after.substr(1)));
}

std::string told(const Merged& merged) {
    if (!merged.errors.empty()) {
        const std::string& detail = merged.errors[0].detail;
        return merged.errors[0].code + " about " + detail.substr(detail.find(" about ") + 7);
    }
    const WantedResource& resource = merged.resources.at(0);
    return "`" + json::write(resource.description) + "` " +
           std::string(wire::to_string(resource.policy));
}

TEST(MergeTest, ThePageIsRight) {
    const std::string page = test::read_page("applications.md");
    const auto rows = test::table_rows(test::section(page, "Two assignments, one resource"), 0);
    ASSERT_EQ(rows.size(), 14U);
    for (const auto& row : rows) {
        EXPECT_EQ(told(merge({made_of("a", row[0]), made_of("b", row[1])})), row[2]) << row[0];
        // From the other side it is the same.
        const Merged other = merge({made_of("b", row[0]), made_of("a", row[1])});
        const auto expected =
            row[2].starts_with("`") ? *json::parse(test::code(row[2])) : json::Value();
        if (expected.is_object()) {
            EXPECT_EQ(other.resources.at(0).description, expected) << row[0];
        } else {
            EXPECT_EQ(told(other), row[2]);
        }
    }
}

TEST(MergeTest, AConflictNamesBothAndShowsNoValue) {
    const Merged merged = merge({made("web", json::Object{{"content", "hunter2"}}),
                                 made("base", json::Object{{"content", "hunter3"}})});
    ASSERT_EQ(merged.errors.size(), 1U);
    EXPECT_EQ(merged.errors[0],
              (CompileError{"web", "/resources/0", "conflict",
                            "files /etc/x: assignment base (/resources/0) says otherwise about "
                            "/description/content"}));
}

TEST(MergeTest, OwnersAndRelationsAreUnited) {
    MadeResource a = made("a", json::Object{});
    MadeResource b = made("b", json::Object{}, Policy::report, OnLeave::remove);
    MadeResource again = made("a", json::Object{}, Policy::report, OnLeave::remove);
    again.pointer = "/resources/1";
    a.resource.relations.required = {{"packages", "nginx"}};
    b.resource.relations.required = {{"packages", "nginx"}, {"users", "www"}};
    const Merged merged = merge({a, again, b});
    ASSERT_EQ(merged.resources.size(), 1U);
    EXPECT_EQ(merged.resources[0].owners, (std::vector<Owner>{{"a", "app", 1, OnLeave::remove},
                                                              {"b", "app", 1, OnLeave::remove}}));
    EXPECT_EQ(merged.resources[0].relations.required,
              (std::vector<wire::Ref>{{"packages", "nginx"}, {"users", "www"}}));
}

TEST(MergeTest, TheOrderDoesNotMatter) {
    std::mt19937 random(7);
    for (int round = 0; round < 300; ++round) {
        std::vector<MadeResource> all;
        for (int i = 0; i < 6; ++i) {
            json::Object description;
            if (random() % 2) description.set("mode", random() % 3 ? "0644" : "0600");
            if (random() % 2) description.set("owner", "root");
            MadeResource one = made("a" + std::to_string(random() % 3), description,
                                    random() % 5 ? Policy::report : Policy::enforce);
            one.pointer = "/resources/" + std::to_string(i);
            one.resource.ref.id = random() % 2 ? "/x" : "/y";
            all.push_back(std::move(one));
        }
        const Merged first = merge(all);
        std::shuffle(all.begin(), all.end(), random);
        const Merged second = merge(all);
        ASSERT_EQ(first.errors, second.errors);
        ASSERT_EQ(first.resources.size(), second.resources.size());
        for (std::size_t i = 0; i < first.resources.size(); ++i) {
            EXPECT_EQ(first.resources[i].ref, second.resources[i].ref);
            EXPECT_EQ(first.resources[i].description, second.resources[i].description);
            EXPECT_EQ(first.resources[i].policy, second.resources[i].policy);
            EXPECT_EQ(first.resources[i].owners, second.resources[i].owners);
        }
    }
}

}  // namespace
}  // namespace evenkeel::compile
