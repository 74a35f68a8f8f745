#include "core/agent/runs/ordering.hpp"

#include <gtest/gtest.h>

#include "core/agent/model/catalog.hpp"
#include "tests/unit/core/agent/runs/steps.hpp"

namespace evenkeel::agent {
namespace {

using test::ended;
using test::list_of;
using test::note;
using test::shout;
using test::step_of;
using Ids = std::vector<std::string>;
using Group = std::vector<std::size_t>;

Step apply_of(const std::string& id, const Ids& required = {},
              wire::Policy policy = wire::Policy::report) {
    wire::Relations relations;
    for (const std::string& each : required) relations.required.push_back(note(each));
    return step_of(id, Decision::apply, relations, policy);
}

Ids arranged(std::vector<Step> steps, const Intent& intent) {
    return test::ids_of(list_of(arrange(std::move(steps), intent), intent));
}

TEST(Arrange, WhatIsRequiredComesFirstAndRemovalsGoTheOtherWayRound) {
    EXPECT_EQ(
        arranged({apply_of("web", {"pkg"}), apply_of("one"), apply_of("pkg")}, {wire::Verb::apply}),
        (Ids{"one", "pkg", "web"}));
    EXPECT_EQ(arranged({apply_of("pkg"), apply_of("web", {"pkg"})}, {wire::Verb::remove}),
              (Ids{"web", "pkg"}));
}

TEST(Arrange, InACycleNothingIsDoneButWhatIsDescribedIsStored) {
    const auto steps = arrange({apply_of("a", {"b"}), apply_of("b", {"a"}),
                                ended(step_of("c", Decision::supersede), wire::Outcome::skipped)},
                               {wire::Verb::apply});
    EXPECT_EQ(steps[0].decision, Decision::store_only);
    EXPECT_EQ(steps[0].progress, Progress::finished);
    EXPECT_NE(reason_of(steps[0]).find("a cycle"), std::string::npos);
    EXPECT_EQ(steps[2].decision, Decision::supersede);
}

TEST(NextStep, PassesOverWhatIsBlockedAndNamesTheFirstCause) {
    Catalog catalog;
    StepList steps = list_of(
        {ended(apply_of("pkg"), wire::Outcome::failed, Error{Errc::unavailable, "no mirror"}),
         apply_of("conf", {"pkg"}), apply_of("web", {"conf"}), apply_of("one")});
    EXPECT_EQ(next_step(steps, 0, catalog), 3U);
    EXPECT_EQ(steps[1].progress, Progress::skipped);
    EXPECT_EQ(reason_of(steps[1]), "it requires notes pkg, which failed: no mirror");
    EXPECT_EQ(reason_of(steps[2]),
              "it requires notes conf, which was skipped because notes pkg failed");
    EXPECT_EQ(steps[2].root, note("pkg"));
    EXPECT_EQ(steps[2].result.error->code, Errc::unavailable);
    EXPECT_EQ(next_step(steps, 4, catalog), 4U);
}

TEST(NextStep, WhatFailedBeforeTheCommandBlocksToo) {
    Catalog catalog;
    Metadata pkg;
    pkg.ref = note("pkg");
    catalog.put(pkg).status.compliance.status = wire::Verdict::failed;
    StepList steps = list_of({apply_of("conf", {"pkg"})});
    EXPECT_EQ(next_step(steps, 0, catalog), 1U);
    EXPECT_EQ(steps[0].result.error->code, Errc::conflict);
    EXPECT_EQ(steps[0].root, note("pkg"));
}

TEST(NextStep, WhatIsSupersededBlocksNothing) {
    Catalog catalog;
    StepList steps = list_of({ended(step_of("pkg", Decision::supersede), wire::Outcome::skipped),
                              apply_of("conf", {"pkg"})});
    EXPECT_EQ(next_step(steps, 0, catalog), 1U);
    EXPECT_EQ(steps[1].progress, Progress::waiting);
}

TEST(Groups, EndAtWhatRequiresOneOfThemIsAuditOrMakesActionsDue) {
    Catalog catalog;
    EXPECT_EQ(group_of(list_of({apply_of("a"), apply_of("b"), apply_of("c", {"a"})}), 0, catalog),
              (Group{0, 1}));
    EXPECT_EQ(
        group_of(list_of({apply_of("a"), apply_of("b", {}, wire::Policy::audit)}), 0, catalog),
        Group{0});
    wire::Relations rings;
    rings.notified = {shout("bell")};
    const Step ringing = step_of("b", Decision::apply, rings);
    EXPECT_EQ(group_of(list_of({apply_of("a"), ringing, apply_of("c")}), 0, catalog), Group{0});
    EXPECT_EQ(group_of(list_of({ringing, apply_of("c")}), 0, catalog), Group{0});
}

TEST(Groups, LeaveOutWhatIsOverAlready) {
    Catalog catalog;
    EXPECT_EQ(group_of(list_of({apply_of("a"), ended(apply_of("b"), wire::Outcome::failed),
                                apply_of("c")}),
                       0, catalog),
              (Group{0, 2}));
}

TEST(Collections, OfACommandAreThoseItTouchesOrNames) {
    Catalog catalog;
    Metadata known;
    known.ref = note("one");
    known.relations.required = {{"packages", "x"}};
    known.relations.notified = {{{"services", "x"}, "restart"}};
    catalog.put(known);
    InboxCommand command;
    command.verb = wire::Verb::apply;
    command.resources.emplace_back().ref = note("one");
    command.resources.back().relations.required = {{"files", "/x"}};
    using Names = std::set<std::string>;
    EXPECT_EQ(collections_of(command, catalog), (Names{"files", "notes", "packages", "services"}));
    command.verb = wire::Verb::invoke;
    EXPECT_EQ(collections_of(command, catalog), (Names{"files", "notes"}));
    EXPECT_EQ(collections_of_repair(note("one"), catalog), (Names{"notes", "packages"}));
}

}  // namespace
}  // namespace evenkeel::agent
