#include <algorithm>
#include <cstdlib>

#include <sys/wait.h>
#include <unistd.h>

#include "core/agent/config/config.hpp"
#include "core/agent/load_plugins.hpp"
#include "core/plugin/call_marks.hpp"
#include "tests/component/agent/bench.hpp"

namespace evenkeel::agent::test {
namespace {

using wire::Verdict;

const json::Value kHi = json::Object{{"text", "hi"}};

class Trouble : public AgentBench {
  protected:
    Trouble() {
        add_plugins = [this](Agent& to) {
            to.add(evenkeel::test::make_fake_collection(machine));
            to.add(evenkeel::test::make_fake_collection(other, "others"));
        };
    }
    ~Trouble() override { other->let_go(); }
    static wire::ResourceRequest elsewhere(const std::string& id, std::uint64_t revision) {
        wire::ResourceRequest request = AgentBench::request(id, kHi, revision);
        request.ref.collection = "others";
        return request;
    }
    std::shared_ptr<FakeMachine> other = std::make_shared<FakeMachine>();
};

TEST_F(Trouble, AHungPluginIsNamedAndHurtsNobodyElse) {
    start();
    command("cmd_1", 1, "apply", {request("one", kHi, 1), elsewhere("two", 2)});
    ASSERT_TRUE(until([&] { return !outcome_of("cmd_1").empty(); }));
    machine->hang_in("apply");
    command("cmd_2", 2, "apply", {request("one", kHi, 3)}, 10s);
    ASSERT_TRUE(until([&] { return !outcome_of("cmd_2").empty(); }));
    EXPECT_EQ(outcome_of("cmd_2"), "failed");
    EXPECT_EQ(compliance_of("one").status, Verdict::unknown);
    EXPECT_EQ(compliance_of("one").reason, "plugin_hung");
    EXPECT_NE(agent->registry().find("notes")->out_of_order_reason().find("apply of one"),
              std::string::npos);

    command("cmd_3", 3, "apply", {request("one", kHi, 4)});
    ASSERT_TRUE(until([&] { return !outcome_of("cmd_3").empty(); }));
    EXPECT_EQ(outcome_of("cmd_3"), "failed");
    command("cmd_4", 4, "apply", {elsewhere("two", 5)});
    ASSERT_TRUE(until([&] { return !outcome_of("cmd_4").empty(); }));
    EXPECT_EQ(outcome_of("cmd_4"), "succeeded");
    other->tamper("two", {{"text", "ho"}});
    ASSERT_TRUE(until([&] { return count("resource.drifted") == 1; }));

    // The next process gives it a new chance.
    machine->let_go();
    start();
    ASSERT_TRUE(until([&] { return compliance_of("one").status == Verdict::compliant; }));
}

TEST_F(Trouble, ACollectionThatCouldNotBeOpenedIsOpenedAgain) {
    options.shortest_opening_pause = 1ms;
    options.longest_opening_pause = 4ms;
    start();
    apply("one", kHi, "enforce");
    end();
    machine->set("one", {{"text", "ho"}});
    const int before = machine->opens();
    machine->fail_opens(3, Errc::unavailable);
    start();
    ASSERT_TRUE(until([&] { return count("resource.repaired") == 1; }));
    EXPECT_EQ(machine->opens(), before + 4);
    EXPECT_EQ(agent->registry().find("notes")->out_of_order_reason(), "");
    // It is watched, too.
    machine->tamper("one", {{"text", "ho"}});
    EXPECT_TRUE(until([&] { return count("resource.repaired") == 2; }));
}

TEST_F(Trouble, ALateFailureOfAReplacedCollectionIsNotThatOfItsSuccessor) {
    options.opening = 1ms;  // the start waits no longer
    machine->hang_in("open");
    machine->fail_opens(1, Errc::unavailable);
    start();
    ASSERT_TRUE(hangs_in("open"));
    const auto next = std::make_shared<FakeMachine>();
    ASSERT_TRUE(agent->replace("notes", {evenkeel::test::make_fake_collection(next)}));
    machine->let_go();
    apply("one", kHi);
    EXPECT_EQ(next->get("one"), kHi);
    EXPECT_TRUE(next->watched().contains("one"));
    EXPECT_EQ(agent->registry().find("notes")->out_of_order_reason(), "");
}

TEST_F(Trouble, ACollectionThatCannotBeOpenedHereIsNotTriedAgain) {
    options.shortest_opening_pause = 1ms;
    options.longest_opening_pause = 1ms;
    machine->fail_opens(1, Errc::unsupported);
    start();
    settle();
    EXPECT_EQ(machine->opens(), 1);
    EXPECT_EQ(agent->registry().find("notes")->out_of_order_reason(), "the bus is not there yet");
}

// A plugin is replaced by one with a newer schema while the agent runs.
class Upgrades : public Trouble {
  protected:
    void describe_one() {
        start();
        command("cmd_1", 1, "apply", {request("one", kHi, 1)});
        ASSERT_TRUE(until([&] { return !outcome_of("cmd_1").empty(); }));
    }
    void hang_in_the_upgrade() {
        describe_one();
        machine->hang_in("upgrade");
        replace();
        ASSERT_TRUE(hangs_in("upgrade"));
    }
    void replace() {
        ASSERT_TRUE(
            agent->replace("notes", {evenkeel::test::make_fake_collection(machine, "notes", 2)}));
    }
    Description stored() { return agent->store().description(one).value().value(); }
    std::uint32_t version_in_memory() {
        return agent->catalog().find(one)->metadata.schema_version;
    }
    const wire::Ref one{"notes", "one"};
};

TEST_F(Upgrades, ADescriptionIsBroughtUpToTheNewerSchema) {
    describe_one();
    replace();
    ASSERT_TRUE(until([&] { return version_in_memory() == 2; }));
    EXPECT_EQ(stored().metadata.schema_version, 2U);
    EXPECT_EQ(stored().metadata.generation.revision, 1U);
    EXPECT_EQ(stored().body, json::Value(json::Object{{"text", "hi"}, {"color", "of version 1"}}));
}

TEST_F(Upgrades, ADescriptionThatComesMeanwhileIsNotReplacedByTheFormerOne) {
    hang_in_the_upgrade();
    const json::Value newer = json::Object{{"text", "newer"}};
    command("cmd_2", 2, "apply", {request("one", newer, 2)});
    ASSERT_TRUE(until([&] { return stored().metadata.generation.revision == 2; }));
    machine->let_go();
    ASSERT_TRUE(until([&] { return !outcome_of("cmd_2").empty(); }));
    EXPECT_EQ(stored().body, newer);
    EXPECT_EQ(stored().metadata.generation.revision, 2U);
    EXPECT_EQ(agent->catalog().find(one)->metadata.generation.revision, 2U);
    EXPECT_EQ(compliance_of("one").status, Verdict::compliant);
}

TEST_F(Upgrades, OneThatCannotBeStoredIsMadeAgainAtTheNextOpening) {
    options.writer.queue_depth_max = 4;
    hang_in_the_upgrade();
    const auto go = hold_writer();
    std::size_t done = 0;
    for (std::size_t i = 0; i < options.writer.queue_depth_max; ++i)
        agent->journal().commit({}, {}, [&done](const Result<void>&) { ++done; });
    machine->let_go();
    // It has its turn behind the opening, so what was upgraded has been given to the writer.
    ask("read", json::Object{{"collection", "notes"}, {"ids", json::Array{"one"}}});
    go->set_value();
    ASSERT_TRUE(until([&] { return done == options.writer.queue_depth_max; }));
    EXPECT_EQ(version_in_memory(), 1U);
    EXPECT_EQ(stored().metadata.schema_version, 1U);
    replace();
    ASSERT_TRUE(until([&] { return version_in_memory() == 2; }));
    EXPECT_EQ(stored().body["color"], json::Value("of version 1"));
}

TEST_F(Trouble, AHungCallForManyFailsAllOfThemAndNamesThem) {
    machine->batch();
    start();
    machine->hang_in("apply");
    command("cmd_1", 1, "apply",
            {request("one", kHi, 1), request("two", kHi, 2), request("three", kHi, 3)}, 10s);
    ASSERT_TRUE(until([&] { return !outcome_of("cmd_1").empty(); }));
    EXPECT_EQ(outcome_of("cmd_1"), "failed");
    for (const char* id : {"one", "two", "three"}) {
        EXPECT_EQ(compliance_of(id).reason, "plugin_hung") << id;
    }
    EXPECT_NE(
        agent->registry().find("notes")->out_of_order_reason().find("apply of one and 2 more"),
        std::string::npos);
    machine->let_go();
    start();
    ASSERT_TRUE(until([&] { return agent->catalog().find({"notes", "three"}) != nullptr; }));
}

TEST_F(Trouble, ASlowChangeKeepsNobodyFromSeeingDriftWhereThePluginIsParallel) {
    machine->allow_parallel();
    start();
    apply("one", kHi);
    machine->hang_in("apply");
    command("cmd_1", 1, "apply", {request("slow", kHi, 1)});
    ASSERT_TRUE(until([&] { return count("command.running") == 1; }));
    machine->tamper("one", {{"text", "ho"}});
    EXPECT_TRUE(until([&] { return count("resource.drifted") == 1; }));
    EXPECT_EQ(outcome_of("cmd_1"), "");
    machine->let_go();
    ASSERT_TRUE(until([&] { return !outcome_of("cmd_1").empty(); }));
}

TEST_F(Trouble, AHungLookOfAParallelPluginIsNamedToo) {
    machine->allow_parallel();
    options.longest_check = 10s;
    start();
    apply("one", kHi);
    machine->hang_in("read");
    machine->tamper("one", {{"text", "ho"}});
    ASSERT_TRUE(until([&] { return count("resource.unknown") == 1; }));
    command("cmd_1", 1, "apply", {request("two", kHi, 1)});
    ASSERT_TRUE(until([&] { return !outcome_of("cmd_1").empty(); }));
    EXPECT_EQ(outcome_of("cmd_1"), "failed");
    EXPECT_NE(agent->registry().find("notes")->out_of_order_reason().find("check of one"),
              std::string::npos);
    machine->let_go();
}

// Long before the command's own deadline.
TEST_F(Trouble, ASilentCallIsGivenUpAndOneThatIsHeardOfIsNot) {
    const char* from = std::getenv("EK_TEST_PLUGINS");
    if (from == nullptr) GTEST_SKIP() << "EK_TEST_PLUGINS is not set";
    options.silence = 10s;
    add_plugins = [&](Agent& to) {
        Config config;
        config.state_dir = options.state_dir;
        config.plugin_dirs = {from};
        config.plugins = {"hangs", "memory"};
        place_plugins(config);
        load_plugins(to, config, true);
    };
    start();
    const auto apply = [&](const std::string& command_id, std::uint64_t seq, const char* text) {
        wire::ResourceRequest each = request("a", json::Object{{"text", text}}, seq);
        each.ref.collection = "hangs";
        wire::ResourceRequest next = request("b", json::Object{{"text", "fine"}}, seq);
        next.ref.collection = "memory";
        command(command_id, seq, "apply", {each, next}, 600s);
        EXPECT_TRUE(until([&] { return !outcome_of(command_id).empty(); }));
        return outcome_of(command_id);
    };
    EXPECT_EQ(apply("cmd_1", 1, "work"), "succeeded");
    // Two hundred lines of a thousand bytes in two seconds.
    EXPECT_GE(count("command.progress"), 2U);
    EXPECT_LT(count("command.progress"), 150U);
    for (const Told& each : events) EXPECT_LE(each.draft.data.string_or("message").size(), 256U);
    EXPECT_EQ(apply("cmd_2", 2, "hang"), "failed");
    const auto outcome = std::find_if(events.begin(), events.end(), [](const Told& each) {
        return each.draft.kind == wire::EventKind::command_outcome && each.draft.command == "cmd_2";
    });
    ASSERT_NE(outcome, events.end());
    const json::Array& resources = outcome->draft.data["resources"].as_array();
    EXPECT_EQ(resources[0]["error"].string_or("code"), "timeout");
    EXPECT_EQ(resources[1].string_or("outcome"), "done") << "the next step goes on";
    EXPECT_EQ(agent->catalog().find({"hangs", "a"})->status.compliance.reason, "plugin_hung");
}

TEST_F(Trouble, APluginThatHangsWhileItReadsIsUnknown) {
    options.longest_check = 2s;
    start();
    command("cmd_1", 1, "apply", {request("one", kHi, 1)});
    ASSERT_TRUE(until([&] { return !outcome_of("cmd_1").empty(); }));
    machine->hang_in("read");
    machine->tamper("one", {{"text", "ho"}});
    ASSERT_TRUE(until([&] { return count("resource.unknown") == 1; }));
    EXPECT_EQ(compliance_of("one").reason, "plugin_hung");
}

TEST_F(Trouble, AHeldPluginIsNotCalledUntilItIsReleased) {
    start();
    command("cmd_1", 1, "apply", {request("one", kHi, 1)});
    ASSERT_TRUE(until([&] { return !outcome_of("cmd_1").empty(); }));
    end();
    // What a crash in a call leaves behind.
    if (fork() == 0) {
        plugin::CallMark::note_ends();
        const auto mark = plugin::CallMark::open(folder / "state/calls/notes", "");
        (*mark)->begin("check of one");
        std::abort();
    }
    wait(nullptr);
    const int reads = machine->reads();
    for (int times = 0; times < 2; ++times) {
        start();
        EXPECT_EQ(machine->reads(), reads);
        EXPECT_EQ(compliance_of("one").reason, "plugin_hung");
        EXPECT_NE(agent->registry().find("notes")->out_of_order_reason().find("check of one"),
                  std::string::npos);
        EXPECT_TRUE(agent->registry().usable("others"));
    }
    EXPECT_FALSE(ask("release", json::Object{{"collection", "notes"}}).error);
    start();
    ASSERT_TRUE(until([&] { return compliance_of("one").status == Verdict::compliant; }));
}

TEST_F(Trouble, AMissingPluginIsToldAndItsReturnIsNoticed) {
    start();
    command("cmd_1", 1, "apply", {request("one", kHi, 1)});
    ASSERT_TRUE(until([&] { return !outcome_of("cmd_1").empty(); }));
    const auto with = add_plugins;
    add_plugins = [](Agent& to) { to.refuse("notes", "the sum is wrong"); };
    start();
    EXPECT_EQ(compliance_of("one").reason, "no_plugin");
    EXPECT_NE(json::write(agent->registry().describe()).find("the sum is wrong"),
              std::string::npos);
    add_plugins = with;
    start();
    ASSERT_TRUE(until([&] { return compliance_of("one").status == Verdict::compliant; }));
}

TEST_F(Trouble, WhatIsTooOldToTellIsUnknownStale) {
    const char* from = std::getenv("EK_TEST_PLUGINS");
    if (from == nullptr) GTEST_SKIP() << "EK_TEST_PLUGINS is not set";
    add_plugins = [&](Agent& to) {
        Config config;
        config.state_dir = options.state_dir;
        config.plugin_dirs = {from};
        config.plugins = {"memory"};
        place_plugins(config);
        load_plugins(to, config, true);
    };
    start();
    wire::ResourceRequest old = request("a", json::Object{{"text", "old"}}, 1);
    old.ref.collection = "memory";
    command("cmd_1", 1, "apply", {old});
    ASSERT_TRUE(until([&] { return !outcome_of("cmd_1").empty(); }));
    EXPECT_EQ(outcome_of("cmd_1"), "succeeded");
    const wire::Compliance found = agent->catalog().find(old.ref)->status.compliance;
    EXPECT_EQ(found.status, Verdict::unknown);
    EXPECT_EQ(found.reason, "stale");
    settle();
    EXPECT_EQ(agent->catalog().find(old.ref)->status.compliance.reason, "stale");
}

// Real shared objects that throw and answer nonsense.
TEST_F(Trouble, PluginsThatThrowOrTalkNonsenseFailWithTheirName) {
    const char* from = std::getenv("EK_TEST_PLUGINS");
    if (from == nullptr) GTEST_SKIP() << "EK_TEST_PLUGINS is not set";
    add_plugins = [&](Agent& to) {
        Config config;
        config.state_dir = options.state_dir;
        config.plugin_dirs = {from};
        config.plugins = {"throws", "nonsense", "memory"};
        place_plugins(config);
        load_plugins(to, config, true);
    };
    start();
    wire::ResourceRequest thrown = request("a", json::Object{{"text", "exception"}}, 1);
    thrown.ref.collection = "throws";
    wire::ResourceRequest nonsense = request("a", json::Object{{"text", "torn state"}}, 2);
    nonsense.ref.collection = "nonsense";
    command("cmd_1", 1, "apply", {thrown, nonsense});
    ASSERT_TRUE(until([&] { return !outcome_of("cmd_1").empty(); }));
    EXPECT_EQ(outcome_of("cmd_1"), "failed");
    EXPECT_EQ(agent->catalog().find(thrown.ref)->status.compliance.status, Verdict::failed);
    EXPECT_NE(agent->catalog().find(thrown.ref)->status.compliance.reason.find("throws 1.2.3"),
              std::string::npos);
    wire::ResourceRequest good = request("a", json::Object{{"text", "fine"}}, 3);
    good.ref.collection = "memory";
    command("cmd_2", 2, "apply", {good});
    ASSERT_TRUE(until([&] { return !outcome_of("cmd_2").empty(); }));
    EXPECT_EQ(outcome_of("cmd_2"), "succeeded") << json::write(events.back().draft.data);
}

}  // namespace
}  // namespace evenkeel::agent::test
