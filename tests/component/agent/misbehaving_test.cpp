#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "core/agent/compliance/hint_inbox.hpp"
#include "core/agent/config/config.hpp"
#include "core/agent/load_plugins.hpp"
#include "core/plugin/reactor.hpp"
#include "tests/component/agent/bench.hpp"

namespace evenkeel::agent::test {
namespace {

using wire::Verdict;

const json::Value kOther = json::Object{{"text", "y"}};

// An agent with the plugin `misbehaves` beside a good one, `memory`, and the fake one, `notes`.
class Misbehaving : public AgentBench {
  protected:
    Misbehaving() {
        unsetenv("EK_TEST_DEFECT");
        add_plugins = [this](Agent& to) {
            Config config;
            config.state_dir = options.state_dir;
            config.plugin_dirs = {std::getenv("EK_TEST_PLUGINS")};
            config.plugins = {"misbehaves", "memory"};
            config.isolation = {{"misbehaves", false}, {"memory", false}};
            ASSERT_TRUE(load_plugins(to, config, true));
            to.add(evenkeel::test::make_fake_collection(machine));
        };
    }
    ~Misbehaving() override {
        unsetenv("EK_TEST_DEFECT");
        plugin::Reactor::shared().value()->set_patience(5s);
    }
    void SetUp() override {
        if (std::getenv("EK_TEST_PLUGINS") == nullptr) GTEST_SKIP() << "EK_TEST_PLUGINS is not set";
    }
    // Describes it, which is watched from then on.
    void describe(const std::string& collection, const std::string& id,
                  const std::string& text = "x") {
        wire::ResourceRequest each = request(id, json::Object{{"text", text}}, ++seq_);
        each.ref.collection = collection;
        const std::string name = "cmd_" + std::to_string(seq_);
        command(name, seq_, "apply", {each});
        ASSERT_TRUE(until([&] { return !outcome_of(name).empty(); }));
    }
    const std::string& reason() const {
        return agent->registry().find("misbehaves")->out_of_order_reason();
    }
    // How often the plugin opened a watch, was called in one, and has read.
    struct Counts {
        int opens = 0, calls = 0, reads = 0;
    };
    Counts counts() {
        const wire::Reply reply =
            ask("read", json::Object{{"collection", "misbehaves"}, {"ids", json::Array{"counts"}}});
        Counts found;
        if (!reply.result["items"].is_array()) return found;
        const std::string text =
            reply.result["items"].as_array().front()["state"].string_or("text");
        EXPECT_EQ(std::sscanf(text.c_str(), "%d %d %d", &found.opens, &found.calls, &found.reads),
                  3);
        return found;
    }
    bool opens_reach(int number) {
        const auto until = std::chrono::steady_clock::now() + kPatience;
        while (counts().opens < number)
            if (std::chrono::steady_clock::now() > until) return false;
        return true;
    }
    bool others_are_served() {
        const int before = machine->reads();
        machine->tamper("good", {{"text", "ho " + std::to_string(before)}});
        return until([&] { return machine->reads() > before; }) &&
               agent->registry().usable("memory") && agent->registry().usable("notes");
    }

    std::uint64_t seq_ = 0;
};

TEST_F(Misbehaving, AWatchThatDoesNotReturnHoldsItsCollectionAndNoOther) {
    plugin::Reactor::shared().value()->set_patience(3s);
    start();
    describe("notes", "good");
    describe("memory", "good");
    describe("misbehaves", "stuck");
    ASSERT_TRUE(until([&] { return !reason().empty(); }));
    EXPECT_NE(reason().find("misbehaves 1.2.3 did not come back from the watch_ready"),
              std::string::npos)
        << reason();
    EXPECT_EQ(agent->catalog().find({"misbehaves", "stuck"})->status.compliance.reason,
              "plugin_hung");
    EXPECT_TRUE(others_are_served());
    wire::ResourceRequest tamper = request("good", nullptr, ++seq_);
    tamper.ref.collection = "memory";
    tamper.action = "tamper";
    tamper.arguments = kOther;
    command("cmd_tamper", seq_, "invoke", {tamper});
    ASSERT_TRUE(until([&] { return outcome_of("cmd_tamper") == "succeeded"; }));
    EXPECT_TRUE(until([&] {
        return agent->catalog().find({"memory", "good"})->status.compliance.status ==
               Verdict::drifted;
    })) << "the watch of another plugin on the same thread: "
        << json::write(ask("check", json::Object{}).result);
    EXPECT_EQ(count("agent.blind"), 0U);
}

TEST_F(Misbehaving, AWatchThatAlwaysFailsIsOpenedAgainAfterPauses) {
    options.watches.shortest_pause = 1h;
    start();
    describe("notes", "good");
    const int before = counts().opens;
    describe("misbehaves", "fails");
    // At once after the first failure; the next one waits for an hour.
    ASSERT_TRUE(opens_reach(before + 1));
    EXPECT_TRUE(others_are_served());
    settle();
    EXPECT_EQ(counts().opens, before + 1);
    EXPECT_LE(count("agent.blind"), 1U);
    end();
    options.watches.shortest_pause = 1ms;
    options.watches.longest_pause = 4ms;
    start();
    const int again = counts().opens;
    EXPECT_TRUE(opens_reach(again + 4)) << "it is not given up";
}

TEST_F(Misbehaving, AFloodOfHintsIsFewChecks) {
    start();
    describe("notes", "good");
    const int before = counts().reads;
    describe("misbehaves", "flood");
    EXPECT_TRUE(others_are_served());
    end();  // joins the thread that gives a million of them
    start();
    EXPECT_LT(counts().reads - before, 100'000);
}

TEST_F(Misbehaving, AnEndlessListEndsWithTheNameOfThePluginAndACount) {
    start();
    describe("misbehaves", "endless");
    const wire::Reply reply = ask("list", json::Object{{"collection", "misbehaves"}});
    ASSERT_TRUE(reply.error);
    EXPECT_NE(reply.error->what.find("plugin misbehaves 1.2.3 misbehaves: a call answers more than "
                                     "128 MiB, in "),
              std::string::npos)
        << reply.error->what;
    EXPECT_TRUE(agent->registry().usable("misbehaves"));
}

TEST_F(Misbehaving, TheStartDoesNotWaitForAPluginThatHangsInOpen) {
    setenv("EK_TEST_DEFECT", "open hang", 1);
    options.opening = 50ms;
    options.longest_check = 5s;
    options.grace = 500ms;
    on_ready = [this] { EXPECT_TRUE(reason().empty()) << "the agent is ready before"; };
    start();
    describe("notes", "good");
    ASSERT_TRUE(until([&] { return !reason().empty(); }));
    EXPECT_NE(reason().find("did not come back from the opening of the collection"),
              std::string::npos)
        << reason();
    EXPECT_TRUE(others_are_served());
}

TEST(HintInbox, HoldsABoundedNumberAndPassesOnOneForAll) {
    run::Loop loop;
    std::vector<std::string> taken;
    const auto inbox = std::make_shared<HintInbox>(
        loop, "notes", [&](plugin::Hint, const std::string& id) { taken.push_back(id); });
    for (int hint = 0; hint < 100'000; ++hint)
        inbox->put(plugin::Hint::changed, std::to_string(hint));
    EXPECT_LE(inbox->waiting(), HintInbox::kIdsMost);
    ASSERT_TRUE(loop.run_until([&] { return !taken.empty(); }, kPatience));
    EXPECT_LE(taken.size(), HintInbox::kIdsMost);
    EXPECT_EQ(taken.front(), "") << "any may have changed";
    inbox->close();
}

TEST(HintInbox, KeepsTheLastHintOfEachIdAndTheOnesForAll) {
    run::Loop loop;
    std::vector<std::pair<plugin::Hint, std::string>> taken;
    const auto inbox = std::make_shared<HintInbox>(
        loop, "notes",
        [&](plugin::Hint hint, const std::string& id) { taken.emplace_back(hint, id); });
    inbox->put(plugin::Hint::unsettled, "a");
    inbox->put(plugin::Hint::changed, "a");
    inbox->put(plugin::Hint::changed, "b");
    inbox->put(plugin::Hint::unsettled, "b");
    inbox->put(plugin::Hint::missed, "");
    loop.run_ready();
    const std::vector<std::pair<plugin::Hint, std::string>> expected{
        {plugin::Hint::changed, "a"}, {plugin::Hint::unsettled, "b"}, {plugin::Hint::missed, ""}};
    EXPECT_EQ(taken, expected);
    inbox->close();
}

}  // namespace
}  // namespace evenkeel::agent::test
