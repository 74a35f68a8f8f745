#include "core/json/counters.hpp"
#include "tests/component/agent/bus_bench.hpp"

// How often the agent reads and writes JSON text on its two ways: from a command to its outcome,
// and from a change on the machine to the event. Everything runs in this process, so what the other
// end of the bus does is taken off: it parses each message that it gets and writes each command.
// A plugin's own texts do not count: the fake one has none.
namespace evenkeel::agent::test {
namespace {

const json::Value kHi = json::Object{{"text", "hi"}};

class Costs : public Bus {
  protected:
    void SetUp() override {
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
    EXPECT_EQ(cost.writes, 12U);
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
