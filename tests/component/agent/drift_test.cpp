#include <algorithm>
#include <filesystem>

#include "tests/component/agent/bench.hpp"

namespace evenkeel::agent::test {
namespace {

using Kinds = std::vector<std::string>;
using wire::Verdict;

class Drift : public AgentBench {
  protected:
    void SetUp() override { start(); }
    // What a local administrator described is told once before all else.
    static Kinds after_change(Kinds kinds) {
        kinds.insert(kinds.begin(), "description.changed");
        return kinds;
    }
};

TEST_F(Drift, IsSeenByEventWithExactFields) {
    apply("one", json::Object{{"text", "hi"}, {"color", "red"}});
    machine->tamper("one", {{"text", "hi"}, {"color", "blue"}});
    ASSERT_TRUE(until([&] { return count("resource.drifted") == 1; }));
    const wire::Compliance now = compliance_of("one");
    EXPECT_EQ(now.status, Verdict::drifted);
    EXPECT_EQ(now.seen_by, "event");
    EXPECT_EQ(now.fields, (std::vector<wire::FieldDrift>{{"/color", "red", "blue"}}));
    EXPECT_EQ(machine->get("one")["color"], json::Value("blue"));
}

TEST_F(Drift, OwnWritesAreNoDrift) {
    for (int round = 0; round < 5; ++round) {
        apply("one", json::Object{{"text", "hi " + std::to_string(round)}});
    }
    settle();
    EXPECT_EQ(count("resource.drifted"), 0U);
    EXPECT_EQ(compliance_of("one").status, Verdict::compliant);
}

TEST_F(Drift, AChangeBesideTheDescriptionIsNone) {
    apply("one", json::Object{{"text", "hi"}});
    machine->tamper("one", {{"text", "hi"}, {"color", "blue"}});
    ASSERT_TRUE(until([&] { return count("resource.observed") == 1; }));
    EXPECT_EQ(told("one"), after_change({}));
}

TEST_F(Drift, WhatComesBackByItselfIsRestored) {
    apply("one", json::Object{{"text", "hi"}});
    machine->tamper("one", {{"text", "ho"}});
    ASSERT_TRUE(until([&] { return count("resource.drifted") == 1; }));
    machine->tamper("one", {{"text", "hi"}});
    ASSERT_TRUE(until([&] { return count("resource.restored") == 1; }));
    EXPECT_EQ(told("one"), after_change({"resource.drifted", "resource.restored"}));
}

TEST_F(Drift, IsRepairedExactlyOnceUnderEnforce) {
    apply("one", json::Object{{"text", "hi"}}, "enforce");
    machine->tamper("one", {{"text", "ho"}});
    ASSERT_TRUE(until([&] { return count("resource.repaired") == 1; }));
    settle();
    EXPECT_EQ(machine->get("one")["text"], json::Value("hi"));
    EXPECT_EQ(machine->applies(), 2);
    EXPECT_EQ(told("one"), after_change({"resource.drifted", "resource.repaired"}));
}

TEST_F(Drift, OfExistenceIsRepairedToo) {
    apply("one", json::Object{{"text", "hi"}}, "enforce");
    machine->vanish("one");
    ASSERT_TRUE(until([&] { return count("resource.repaired") == 1; }));
    EXPECT_EQ(machine->get("one")["text"], json::Value("hi"));
}

TEST_F(Drift, WhatShallBeAbsentIsTakenAwayAgain) {
    machine->set("one", {{"text", "hi"}});
    apply("one", json::Object{{"ensure", "absent"}}, "enforce");
    EXPECT_TRUE(machine->get("one").is_null());
    EXPECT_EQ(compliance_of("one").status, Verdict::compliant);
    machine->tamper("one", {{"text", "back"}});
    ASSERT_TRUE(until([&] { return count("resource.repaired") == 1; }));
    EXPECT_TRUE(machine->get("one").is_null());
}

TEST_F(Drift, AuditNeverWrites) {
    const json::Value done = apply("one", json::Object{{"text", "hi"}}, "audit");
    EXPECT_EQ(done["state"], json::Value("succeeded"));
    EXPECT_EQ(done["resources"].as_array()[0]["outcome"], json::Value("planned"));
    EXPECT_TRUE(machine->get("one").is_null());
    machine->tamper("one", {{"text", "other"}});
    ASSERT_TRUE(until([&] { return count("resource.drifted") == 2; }));
    settle();
    EXPECT_EQ(machine->applies(), 0);
    EXPECT_EQ(machine->get("one")["text"], json::Value("other"));
}

TEST_F(Drift, OffIsAppliedAndNotWatched) {
    apply("one", json::Object{{"text", "hi"}}, "off");
    EXPECT_EQ(machine->get("one")["text"], json::Value("hi"));
    EXPECT_EQ(compliance_of("one").reason, "off");
    EXPECT_TRUE(machine->watched().empty());
}

TEST_F(Drift, TheSweepFindsWhatNoEventAnnounced) {
    options.sweep_interval = 100ms;
    start();
    apply("one", json::Object{{"text", "hi"}});
    settle();
    machine->set("one", {{"text", "ho"}});
    ASSERT_TRUE(until([&] { return count("resource.drifted") == 1; }));
    EXPECT_EQ(compliance_of("one").seen_by, "sweep");
    EXPECT_EQ(agent->tracker().found_by_sweep(), 1U);
}

TEST_F(Drift, AnOverflowReadsEverythingAgainAndIsReported) {
    apply("one", json::Object{{"text", "hi"}});
    machine->set("one", {{"text", "ho"}});
    machine->hint("", plugin::Hint::missed);
    ASSERT_TRUE(until([&] { return count("agent.blind") == 1; }));
    EXPECT_EQ(compliance_of("one").status, Verdict::drifted);
}

TEST_F(Drift, AWatchThatCannotBeOpenedIsTriedAgain) {
    apply("one", json::Object{{"text", "hi"}});
    end();
    options.watches.shortest_pause = 1ms;
    options.watches.longest_pause = 4ms;
    machine->fail_watches(3);
    start();
    EXPECT_TRUE(machine->watched().empty());
    ASSERT_TRUE(until([&] { return machine->watched().contains("one"); }));
    // Once of each that could not be opened.
    const auto lost = [this] {
        return std::count_if(events.begin(), events.end(), [](const Told& each) {
            return each.draft.data.string_or("reason") == "watch_lost";
        });
    };
    ASSERT_TRUE(until([&] { return lost() >= 3; }));
    machine->tamper("one", {{"text", "ho"}});
    ASSERT_TRUE(until([&] { return count("resource.drifted") == 1; }));
    EXPECT_EQ(compliance_of("one").seen_by, "event");
    EXPECT_EQ(lost(), 3);
}

TEST_F(Drift, ARescanReadsEverythingAgainAndIsNoBlindTime) {
    apply("one", json::Object{{"text", "hi"}});
    machine->set("one", {{"text", "ho"}});
    machine->hint("");
    ASSERT_TRUE(until([&] { return count("resource.drifted") == 1; }));
    settle();
    EXPECT_EQ(compliance_of("one").seen_by, "event");
    EXPECT_EQ(count("agent.blind"), 0U);
}

TEST_F(Drift, IsNotJudgedWhileSomebodyIsAtWork) {
    apply("one", json::Object{{"text", "hi"}});
    settle();
    machine->begin_to_tamper("one", {{"text", "h"}});
    settle();
    EXPECT_EQ(compliance_of("one").status, Verdict::compliant);
    machine->tamper("one", {{"text", "hi"}});
    settle();
    EXPECT_EQ(told("one"), after_change({}));

    machine->begin_to_tamper("one", {{"text", "h"}});
    settle();
    machine->tamper("one", {{"text", "ho"}});
    ASSERT_TRUE(until([&] { return count("resource.drifted") == 1; }));
    EXPECT_EQ(compliance_of("one").seen_by, "event");
}

// He was done before the look was judged.
TEST_F(Drift, IsNotWhatALookSawInTheMiddleOfAWrite) {
    apply("one", json::Object{{"text", "hi"}});
    settle();
    machine->after_reads([this] {
        if (machine->get("one")["text"] == json::Value("h"))
            machine->tamper("one", {{"text", "hi"}});
    });
    for (int round = 0; round < 2; ++round) {
        machine->tamper("one", {{"text", "h"}});
        ASSERT_TRUE(until([&] { return machine->get("one")["text"] == json::Value("hi"); }));
        settle();
        EXPECT_EQ(told("one"), after_change({})) << round;
        // What was put off once does not count for the next time, which is a second later: elapsed
        // time is what this is about.
        loop->run_until([] { return false; }, 1100ms);
    }
}

TEST_F(Drift, OfWhatNeverRestsIsToldAllTheSame) {
    apply("one", json::Object{{"text", "hi"}});
    machine->after_reads([this] { machine->hint("one"); });
    machine->tamper("one", {{"text", "ho"}});
    EXPECT_TRUE(until([&] { return count("resource.drifted") == 1; }));
    machine->after_reads(nullptr);
}

TEST_F(Drift, TheLookAfterAnApplyIsNotMisledByAWriteThatEndsMeanwhile) {
    machine->hang_in("read");
    command("cmd_1", 1, "apply", {request("one", json::Object{{"text", "hi"}}, 1)});
    ASSERT_TRUE(until([&] { return machine->applies() == 1; }));
    machine->set("one", {{"text", "h"}});
    machine->after_reads([this] {
        if (machine->get("one")["text"] == json::Value("h"))
            machine->tamper("one", {{"text", "hi"}});
    });
    machine->let_go();
    ASSERT_TRUE(until([&] { return !outcome_of("cmd_1").empty(); }));
    settle();
    EXPECT_EQ(count("resource.drifted"), 0U);
    EXPECT_EQ(compliance_of("one").status, Verdict::compliant);
}

// The look after our own change met what somebody else had begun to write.
TEST_F(Drift, TheLookAfterAnApplyForgivesWhoIsAtWork) {
    machine->hang_in("read");
    const std::size_t before = events.size();
    command("cmd_1", 1, "apply", {request("one", json::Object{{"text", "hi"}}, 1)});
    ASSERT_TRUE(until([&] { return machine->applies() == 1; }));
    machine->begin_to_tamper("one", {{"text", "h"}});
    machine->let_go();
    ASSERT_TRUE(until([&] { return !outcome_of("cmd_1").empty(); }));
    EXPECT_EQ(compliance_of("one").status, Verdict::compliant);
    machine->tamper("one", {{"text", "hi"}});
    settle();
    for (std::size_t at = before; at < events.size(); ++at)
        EXPECT_NE(events[at].draft.kind, wire::EventKind::resource_drifted);
}

// The look knows again what it has forgiven, so it must not remember it as what was described.
TEST_F(Drift, WhatTheLookAfterAnApplyForgaveCountsWhenTheWriterHasEndedWithIt) {
    machine->hang_in("read");
    command("cmd_1", 1, "apply", {request("one", json::Object{{"text", "hi"}}, 1)});
    ASSERT_TRUE(until([&] { return machine->applies() == 1; }));
    machine->begin_to_tamper("one", {{"text", "h"}});
    machine->let_go();
    ASSERT_TRUE(until([&] { return !outcome_of("cmd_1").empty(); }));
    EXPECT_EQ(compliance_of("one").status, Verdict::compliant);
    machine->hint("one");
    ASSERT_TRUE(until([&] { return count("resource.drifted") == 1; }));
    EXPECT_EQ(compliance_of("one").status, Verdict::drifted);
}

TEST_F(Drift, AFailedRepairIsToldAndTriedAgain) {
    apply("one", json::Object{{"text", "hi"}}, "enforce");
    machine->fail_applies(Error{Errc::denied, "the disk is read-only"});
    machine->tamper("one", {{"text", "ho"}});
    ASSERT_TRUE(until([&] { return count("resource.failed") == 1; }));
    EXPECT_EQ(compliance_of("one").reason, "the disk is read-only");
    machine->fail_applies(std::nullopt);
    ASSERT_TRUE(until([&] { return count("resource.repaired") == 1; }));
    EXPECT_EQ(told("one"),
              after_change({"resource.drifted", "resource.failed", "resource.repaired"}));
}

TEST_F(Drift, ATugOfWarIsGivenUpWithAReason) {
    options.repairs.flap = {.at_once = 10, .quick = {3, 60s, 60s}};
    start();
    apply("one", json::Object{{"text", "hi"}}, "enforce");
    for (std::size_t round = 1; round <= 3; ++round) {
        machine->tamper("one", {{"text", "war " + std::to_string(round)}});
        ASSERT_TRUE(until([&] { return count("resource.repaired") == round; })) << round;
    }
    machine->tamper("one", {{"text", "won"}});
    ASSERT_TRUE(until([&] { return count("resource.failed") == 1; }));
    settle();
    EXPECT_EQ(machine->get("one")["text"], json::Value("won"));
    EXPECT_NE(compliance_of("one").reason.find("repaired 3 times"), std::string::npos);
    // A new order of an administrator ends the rest.
    apply("one", json::Object{{"text", "new"}}, "enforce");
    EXPECT_EQ(compliance_of("one").status, Verdict::compliant);
}

TEST_F(Drift, ALostStoreIsToldWithItsBlindTime) {
    apply("one", json::Object{{"text", "hi"}});
    end();
    std::filesystem::remove_all(folder / "state/store");
    events.clear();
    start();
    ASSERT_TRUE(until([&] { return count("agent.blind") == 1; }));
    EXPECT_EQ(events.back().draft.data["reason"], json::Value("store_lost"));
    events.clear();
    start();
    settle();
    EXPECT_EQ(count("agent.blind"), 0U);
}

TEST_F(Drift, DuringADownTimeIsFoundAtStartWithTheBlindTime) {
    apply("one", json::Object{{"text", "hi"}});
    apply("two", json::Object{{"text", "hi"}}, "enforce");
    end();
    machine->set("one", {{"text", "ho"}});
    machine->set("two", {{"text", "ho"}});
    events.clear();
    start();
    ASSERT_TRUE(
        until([&] { return count("agent.blind") == 1 && count("resource.repaired") == 1; }));
    EXPECT_EQ(told("one"), (Kinds{"resource.drifted"}));
    EXPECT_EQ(told("two"), (Kinds{"resource.drifted", "resource.repaired"}));
    EXPECT_EQ(compliance_of("one").seen_by, "sweep");
}

}  // namespace
}  // namespace evenkeel::agent::test
