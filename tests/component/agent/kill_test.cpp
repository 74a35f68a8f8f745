#include "tests/component/agent/bus_bench.hpp"
#include "tests/support/wait.hpp"

// What a kill leaves between the commits of a command. There are two: one takes it over and begins
// it, one ends it; that the orchestrator has its outcome rides on a later one. And what is left
// where a commit fails.
namespace evenkeel::agent::test {
namespace {

using link::Disposition;

const json::Value kHi = json::Object{{"text", "hi"}};
const json::Value kHo = json::Object{{"text", "ho"}};

class Killed : public Bus {
  protected:
    void SetUp() override { options.writer.lazy_max = 1h; }

    AgentStore::Loaded stored() { return agent->store().load().value(); }
    testing::AssertionResult ends_well(const std::string& command) {
        if (!until([&] { return !outcome_of(command).empty(); })) {
            return testing::AssertionFailure() << command << " did not end";
        }
        if (outcome_of(command) == "succeeded") return testing::AssertionSuccess();
        return testing::AssertionFailure() << command << " ended " << outcome_of(command);
    }
    // Those that the orchestrator has got, each as often as it was sent.
    std::vector<wire::Event> outcomes_told() const {
        std::vector<wire::Event> outcomes;
        for (const wire::Event& event : orchestrator->events) {
            if (event.kind == wire::EventKind::command_outcome) outcomes.push_back(event);
        }
        return outcomes;
    }
    // A machine as the present one is now.
    std::shared_ptr<FakeMachine> same_machine() const {
        auto next = std::make_shared<FakeMachine>();
        const json::Value state = machine->get("one");
        if (state.is_object()) next->set("one", state.as_object());
        return next;
    }
    void store_position(std::uint64_t seq) {
        bool stored = false;
        agent->journal().commit(
            {},
            [&store = agent->store(), seq](store::WriteTxn& txn, const auto&) {
                return store.put(txn, wire::StreamPosition{"stream_o", seq});
            },
            [&stored](const Result<void>& done) { stored = done.has_value(); });
        ASSERT_TRUE(until([&stored] { return stored; }));
    }
};

TEST_F(Killed, BeforeTheCommitThatTakesItOverACommandIsNotHereAndComesAgain) {
    start();
    const auto go = hold_writer();
    bool answered = false;
    give("cmd_1", 1, "apply", {request("one", kHi, 5)}, [&](Disposition) { answered = true; });
    loop->run_ready();
    EXPECT_FALSE(answered) << "it is not acknowledged before it is stored";
    EXPECT_EQ(count("command.running"), 0U) << "nor told";
    EXPECT_EQ(machine->applies(), 0) << "nor done";
    const std::string disk = disk_now();
    go->set_value();
    start_on(disk, same_machine());
    EXPECT_TRUE(stored().inbox.empty());
    EXPECT_EQ(agent->admission().mark().seq, 0U);
    EXPECT_EQ(agent->catalog().size(), 0U);

    EXPECT_EQ(command("cmd_1", 1, "apply", {request("one", kHi, 5)}), Disposition::accept);
    ASSERT_TRUE(ends_well("cmd_1"));
    EXPECT_EQ(machine->applies(), 1);
    EXPECT_EQ(count("command.outcome"), 1U);
}

TEST_F(Killed, AfterThatCommitAndBeforeTheApplyItIsDoneByTheNextProcess) {
    start();
    machine->hang_in("apply");
    EXPECT_EQ(command("cmd_1", 1, "apply", {request("one", kHi, 5)}), Disposition::accept);
    ASSERT_TRUE(hangs_in("apply"));
    EXPECT_EQ(stored().inbox.at(0).state, InboxCommand::State::running);
    EXPECT_EQ(agent->store().description({"notes", "one"}).value()->body, kHi);
    start_on(disk_now(), same_machine());
    ASSERT_TRUE(ends_well("cmd_1"));
    EXPECT_EQ(command("cmd_1", 1, "apply", {request("one", kHi, 5)}), Disposition::accept);
    settle();
    EXPECT_EQ(machine->apply_results(), std::vector<std::string>{"apply one"});
    EXPECT_EQ(count("command.outcome"), 1U);
}

TEST_F(Killed, AfterTheApplyAndBeforeTheCommitOfItsEndItIsFoundDone) {
    start();
    machine->hang_in("applied");
    EXPECT_EQ(command("cmd_1", 1, "apply", {request("one", kHi, 5)}), Disposition::accept);
    ASSERT_TRUE(hangs_in("applied"));
    start_on(disk_now(), same_machine());
    ASSERT_TRUE(ends_well("cmd_1"));
    EXPECT_EQ(machine->apply_results(), std::vector<std::string>{}) << "it was done already";
    EXPECT_EQ(machine->get("one")["text"], json::Value("hi"));
    EXPECT_EQ(count("command.outcome"), 1U);
    EXPECT_EQ(compliance_of("one").status, wire::Verdict::compliant);
}

// The orchestrator has the outcome and the store of the agent does not say so.
TEST_F(Killed, AfterTheEndAndBeforeTheErasureTheOutcomeIsSentAgainAsItWas) {
    start_all();
    connect();
    orchestrator->command("cmd_1", "apply", {request("one", kHi, 5)});
    ASSERT_TRUE(until([&] { return got("command.outcome") == 1; }));
    ASSERT_TRUE(until([&] { return agent->journal().outbox().size() == 0; }));
    EXPECT_EQ(stored().inbox.size(), 1U);
    EXPECT_EQ(stored().outbox.size(), 1U);
    const std::string disk = disk_now();
    disconnect();
    start_on(disk, same_machine());
    // Its hello does not say that it has it: as where it was restored from a backup.
    orchestrator->hello.events = {};
    orchestrator->start(*loop);
    connect();
    ASSERT_TRUE(until([&] { return got("command.outcome") == 2; }));
    const std::vector<wire::Event> outcomes = outcomes_told();
    EXPECT_EQ(outcomes[1].seq, outcomes[0].seq) << "by which it is known again";
    EXPECT_EQ(outcomes[1].stream, outcomes[0].stream);
    EXPECT_EQ(outcomes[1].data, outcomes[0].data);
    EXPECT_EQ(command("cmd_1", 1, "apply", {request("one", kHi, 5)}), Disposition::accept);
    ASSERT_TRUE(until([&] { return agent->journal().outbox().size() == 0; }));
    settle();
    EXPECT_EQ(machine->applies(), 0);
    // The next commit takes the erasure along.
    machine->hang_in("apply");
    command("cmd_2", 2, "apply", {request("one", kHo, 6)});
    EXPECT_TRUE(stored().outbox.empty());
    EXPECT_EQ(stored().inbox.at(0).id, "cmd_2");
}

TEST_F(Killed, AfterTheEndAndBeforeTheErasureTheHelloSaysWhatTheOrchestratorHas) {
    start_all();
    connect();
    orchestrator->command("cmd_1", "apply", {request("one", kHi, 5)});
    ASSERT_TRUE(until([&] { return got("command.outcome") == 1; }));
    const std::string disk = disk_now();
    disconnect();
    start_on(disk, same_machine());
    orchestrator->start(*loop);
    connect();
    ASSERT_TRUE(until([&] { return orchestrator->digests.size() == 2; }));
    ASSERT_TRUE(until([&] { return agent->journal().outbox().size() == 0; }));
    EXPECT_EQ(got("command.outcome"), 1U);
}

// As if an earlier command could not be stored.
TEST_F(Killed, NothingIsLeftOfACommandThatCouldNotBeTakenOver) {
    start();
    command("cmd_1", 1, "apply", {request("one", kHi, 5, wire::Policy::enforce)});
    ASSERT_TRUE(ends_well("cmd_1"));
    command("cmd_2", 2, "remove", {request("two", nullptr, 6)});
    ASSERT_TRUE(ends_well("cmd_2"));
    store_position(7);
    const auto both = {request("one", kHo, 8), request("two", kHo, 9), request("three", kHo, 10)};
    EXPECT_EQ(command("cmd_3", 3, "apply", both), Disposition::release);
    EXPECT_EQ(outcome_of("cmd_3"), "");
    EXPECT_EQ(count("command.running"), 2U);
    EXPECT_EQ(agent->engine().unfinished(), 0U);
    EXPECT_EQ(agent->admission().mark().seq, 2U);
    ASSERT_EQ(agent->catalog().size(), 1U);
    const CatalogEntry& one = *agent->catalog().find({"notes", "one"});
    EXPECT_EQ(one.metadata.generation.revision, 5U);
    EXPECT_EQ(one.metadata.policy, wire::Policy::enforce);
    EXPECT_EQ(one.status.compliance.status, wire::Verdict::compliant);
    EXPECT_FALSE(one.busy);
    EXPECT_EQ(agent->catalog().tombstones.at({"notes", "two"}).revision, 6U);
    // It is kept as it was described.
    machine->tamper("one", {{"text", "bad"}});
    ASSERT_TRUE(until([&] { return count("resource.repaired") == 1; }));
    EXPECT_EQ(machine->get("one")["text"], json::Value("hi"));

    store_position(2);
    EXPECT_EQ(command("cmd_3", 3, "apply", both), Disposition::accept);
    ASSERT_TRUE(ends_well("cmd_3"));
    EXPECT_EQ(machine->get("one")["text"], json::Value("ho"));
    EXPECT_EQ(agent->catalog().size(), 3U);
}

// A drift whose repair waits for its time is repaired though a command has come between.
TEST_F(Killed, ARepairThatWaitsOutlivesACommandThatCouldNotBeTakenOver) {
    start();
    command("cmd_1", 1, "apply", {request("one", kHi, 5, wire::Policy::enforce)});
    ASSERT_TRUE(ends_well("cmd_1"));
    machine->fail_applies(Error{Errc::denied, "no"});
    machine->tamper("one", {{"text", "bad"}});
    ASSERT_TRUE(until([&] { return count("resource.failed") == 1; }));
    ASSERT_TRUE(until([&] { return agent->engine().unfinished() == 0; }));
    store_position(7);
    EXPECT_EQ(command("cmd_2", 2, "apply", {request("one", kHo, 6)}), Disposition::release);
    machine->fail_applies(std::nullopt);
    ASSERT_TRUE(until([&] { return count("resource.repaired") == 1; }));
    EXPECT_EQ(machine->get("one")["text"], json::Value("hi"));
}

// One that is stored before it begins has no place in the queue yet while it is stored.
TEST_F(Killed, ACommandDoesNotOvertakeOneThatIsBeingStored) {
    start();
    command("cmd_1", 1, "apply", {request("bell", kHi, 4)});
    ASSERT_TRUE(ends_well("cmd_1"));
    wire::ResourceRequest first = request("one", kHi, 5);
    first.relations.notified = {{{"notes", "bell"}, "shout"}};
    const auto go = hold_writer();
    give("cmd_2", 2, "apply", {first}, [](Disposition) {});
    give("cmd_3", 3, "apply", {request("one", kHo, 6)}, [](Disposition) {});
    go->set_value();
    ASSERT_TRUE(ends_well("cmd_3"));
    EXPECT_TRUE(ends_well("cmd_2")) << "it is not superseded";
    EXPECT_EQ(machine->get("one")["text"], json::Value("ho"));
}

}  // namespace
}  // namespace evenkeel::agent::test
