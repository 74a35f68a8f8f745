#include "core/json/counters.hpp"
#include "core/store/counters.hpp"
#include "tests/component/agent/bus_bench.hpp"

// How often the agent reads and writes JSON text, and waits for the disk, on its two ways: from a
// command to its outcome, and from a change on the machine to the event. Everything runs in this
// process, so what the other end of the bus does is taken off: it parses each message that it gets
// and writes each command. A plugin's own texts do not count: the fake one has none.
namespace evenkeel::agent::test {
namespace {

const json::Value kHi = json::Object{{"text", "hi"}};

class Costs : public Bus {
  protected:
    void SetUp() override {
        options.writer.lazy_max = 1h;  // what may ride on another commit causes none
        start_all();
        orchestrator->hello.heartbeat = 600s;
        connect();
        ASSERT_TRUE(until([this] { return orchestrator->digests.size() == 1; }));
        quiet();
    }

    // Everything told has arrived, and nothing is under way.
    void quiet() {
        ASSERT_TRUE(until([this] { return agent->journal().outbox().size() == 0; }));
    }

    std::uint64_t received() const {
        return orchestrator->events.size() + orchestrator->live.size() + orchestrator->heartbeats +
               orchestrator->digests.size();
    }

    // How often a command waits for the disk until its outcome is taken.
    std::uint64_t commits_of(const std::string& verb, const wire::ResourceRequest& request) {
        const std::size_t outcomes = got("command.outcome");
        const std::uint64_t before = store::counters().commits;
        orchestrator->command("cmd_" + std::to_string(outcomes), verb, {request});
        EXPECT_TRUE(until([&] { return got("command.outcome") == outcomes + 1; }));
        quiet();
        return store::counters().commits - before;
    }

    // What `way` costs the agent, which gets `commands` commands in it.
    json::Counters cost_of(std::uint64_t commands, const std::function<void()>& way) {
        const std::uint64_t messages = received();
        const json::Counters before = json::counters();
        way();
        quiet();
        json::Counters cost = json::counters() - before;
        cost.parses -= received() - messages;
        cost.writes -= commands;
        RecordProperty("parses", static_cast<int>(cost.parses));
        RecordProperty("writes", static_cast<int>(cost.writes));
        return cost;
    }
};

TEST_F(Costs, OfACommandFromTheBusToItsOutcome) {
    const json::Counters cost = cost_of(1, [this] {
        orchestrator->command("cmd_1", "apply", {request("one", kHi, 5)});
        ASSERT_TRUE(until([this] {
            return got("command.outcome") == 1 && orchestrator->answers.size() == 1 &&
                   orchestrator->live.size() == 1;
        }));
    });
    // The body of the command; once more when the check after our own write falls into this time.
    EXPECT_GE(cost.parses, 1U);
    EXPECT_LE(cost.parses, 2U);
    EXPECT_EQ(cost.writes, 11U);
}

TEST_F(Costs, CommitsOfACommandAreItsBeginAndItsEnd) {
    EXPECT_EQ(commits_of("apply", request("one", kHi, 5)), 2U);
    EXPECT_EQ(commits_of("apply", request("one", json::Object{{"text", "ho"}}, 6)), 2U);
    EXPECT_EQ(commits_of("remove", request("one", nullptr, 7)), 2U);
    // What the orchestrator has is gone but for what it has taken last.
    const auto loaded = agent->store().load();
    EXPECT_EQ(loaded->inbox.size(), 1U);
    EXPECT_EQ(loaded->outbox.size(), 1U);
}

// Once an action has begun it must not be begun again, so what was accepted is known before.
TEST_F(Costs, CommitsOfAnActionAreAcceptanceBeginAndEnd) {
    commits_of("apply", request("one", kHi, 5));
    wire::ResourceRequest shout = request("one", nullptr, 0);
    shout.action = "shout";
    EXPECT_EQ(commits_of("invoke", shout), 3U);
}

TEST_F(Costs, CommitsOfWhatMakesAnActionDueAreOneMoreForThat) {
    commits_of("apply", request("bell", kHi, 5));
    wire::ResourceRequest one = request("one", kHi, 6);
    one.relations.notified = {{{"notes", "bell"}, "shout"}};
    EXPECT_EQ(commits_of("apply", one), 4U);
    // It is described so: a command that does not say it again may make it due too.
    EXPECT_EQ(commits_of("remove", request("one", nullptr, 7)), 4U);
}

TEST_F(Costs, CommitsOfACommandThatWaitsForItsTurnAreThree) {
    machine->hang_in("apply");
    const std::uint64_t before = store::counters().commits;
    orchestrator->command("cmd_a", "apply", {request("one", kHi, 5)});
    ASSERT_TRUE(until([this] { return orchestrator->answers.size() == 1; }));
    orchestrator->command("cmd_b", "apply", {request("two", kHi, 6)});
    ASSERT_TRUE(until([this] { return orchestrator->answers.size() == 2; }));
    EXPECT_EQ(store::counters().commits - before, 2U);
    machine->let_go();
    ASSERT_TRUE(until([this] { return got("command.outcome") == 2; }));
    quiet();
    EXPECT_EQ(store::counters().commits - before, 5U);
}

TEST_F(Costs, OfADriftFromTheHintToItsEvent) {
    orchestrator->command("cmd_1", "apply", {request("one", kHi, 5)});
    ASSERT_TRUE(until([this] { return got("command.outcome") == 1; }));
    settle();
    quiet();
    const json::Counters cost = cost_of(0, [this] {
        machine->tamper("one", {{"text", "ho"}});
        ASSERT_TRUE(until([this] { return got("resource.drifted") == 1; }));
    });
    EXPECT_EQ(cost.parses, 1U);
    EXPECT_EQ(cost.writes, 4U);
}

// A state that is known to be as described costs neither its JSON nor the description's.
TEST_F(Costs, OfACheckOfWhatHasNotChanged) {
    std::vector<wire::ResourceRequest> many;
    for (int i = 0; i < 300; ++i) many.push_back(request("r" + std::to_string(i), kHi, 5));
    orchestrator->command("cmd_1", "apply", many);
    ASSERT_TRUE(until([this] { return got("command.outcome") == 1; }));
    settle();
    quiet();
    const auto check_all = [this] {
        const wire::Reply reply = ask("check", json::Object{});
        ASSERT_FALSE(reply.error);
    };
    // The look that ends a command has learnt the stamps.
    const json::Counters cost = cost_of(0, check_all);
    EXPECT_EQ(cost.parses, 0U);
    EXPECT_EQ(cost.writes, 0U);
    machine->set("r7", {{"text", "ho"}});
    const json::Counters one = cost_of(0, check_all);
    EXPECT_EQ(got("resource.drifted"), 1U);
    EXPECT_EQ(one.parses, 1U);
    machine->set("r7", {{"text", "hi"}});
    check_all();
    EXPECT_TRUE(until([this] { return got("resource.restored") == 1; }));
}

}  // namespace
}  // namespace evenkeel::agent::test
