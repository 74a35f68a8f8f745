#include "tests/component/agent/bench.hpp"

namespace evenkeel::agent::test {
namespace {

using link::Disposition;
using wire::Verdict;

class Commands : public AgentBench {
  protected:
    void SetUp() override { start(); }
    testing::AssertionResult ends(const std::string& command, const std::string& state) {
        if (!until([&] { return !outcome_of(command).empty(); })) {
            return testing::AssertionFailure() << command << " did not end";
        }
        if (outcome_of(command) == state) return testing::AssertionSuccess();
        return testing::AssertionFailure() << command << " ended " << outcome_of(command);
    }
    // The data of the last event of this kind.
    json::Value last(const std::string& kind) const {
        json::Value data;
        for (const Told& one : events) {
            if (to_string(one.draft.kind) == kind) data = one.draft.data;
        }
        return data;
    }
    std::uint64_t revision_of(const std::string& id) {
        const CatalogEntry* entry = agent->catalog().find({"notes", id});
        return entry ? entry->metadata.generation.revision : 0;
    }
};

const json::Value kHi = json::Object{{"text", "hi"}};
const json::Value kHo = json::Object{{"text", "ho"}};

TEST_F(Commands, AreAcceptedAfterTheCommitAndCarriedOut) {
    EXPECT_EQ(command("cmd_1", 1, "apply", {request("one", kHi, 5)}), Disposition::accept);
    ASSERT_TRUE(ends("cmd_1", "succeeded"));
    EXPECT_EQ(machine->get("one")["text"], json::Value("hi"));
    EXPECT_EQ(revision_of("one"), 5U);
    EXPECT_EQ(agent->admission().mark().seq, 1U);
}

TEST_F(Commands, SeenBeforeChangeNothing) {
    command("cmd_1", 1, "apply", {request("one", kHi, 5)});
    ASSERT_TRUE(ends("cmd_1", "succeeded"));
    EXPECT_EQ(command("cmd_1", 1, "apply", {request("one", kHi, 5)}), Disposition::accept);
    start();
    EXPECT_EQ(command("cmd_1", 1, "apply", {request("one", kHi, 5)}), Disposition::accept);
    settle();
    EXPECT_EQ(machine->applies(), 1);
    EXPECT_EQ(count("command.outcome"), 1U);
}

TEST_F(Commands, OfAnotherStreamAreRejected) {
    wire::Command other;
    other.id = "cmd_1";
    other.stream = "stream_other";
    other.seq = 1;
    std::optional<Disposition> answer;
    agent->admission().take(other, [&](Disposition got) { answer = got; });
    EXPECT_EQ(answer, Disposition::reject);
}

TEST_F(Commands, ALowerRevisionIsSupersededAnEqualOneIsAppliedAgain) {
    command("cmd_1", 1, "apply", {request("one", kHi, 5)});
    command("cmd_2", 2, "apply", {request("one", kHo, 4)});
    ASSERT_TRUE(ends("cmd_2", "superseded"));
    EXPECT_EQ(machine->get("one")["text"], json::Value("hi"));
    machine->set("one", {{"text", "changed"}});
    command("cmd_3", 3, "apply", {request("one", kHi, 5)});
    ASSERT_TRUE(ends("cmd_3", "succeeded"));
    EXPECT_EQ(machine->get("one")["text"], json::Value("hi"));
}

TEST_F(Commands, ARemovalIsRememberedWithItsGeneration) {
    command("cmd_1", 1, "apply", {request("one", kHi, 5)});
    command("cmd_2", 2, "remove", {request("one", nullptr, 6)});
    ASSERT_TRUE(ends("cmd_2", "succeeded"));
    EXPECT_TRUE(machine->get("one").is_null());
    EXPECT_EQ(agent->catalog().size(), 0U);
    EXPECT_TRUE(machine->watched().empty());
    start();
    command("cmd_3", 3, "apply", {request("one", kHi, 5)});
    ASSERT_TRUE(ends("cmd_3", "superseded"));
    command("cmd_4", 4, "apply", {request("one", kHi, 7)});
    ASSERT_TRUE(ends("cmd_4", "succeeded"));
    EXPECT_TRUE(agent->catalog().tombstones.empty());
}

TEST_F(Commands, ARemovalUnderAuditSaysThatNothingWasRemoved) {
    machine->set("one", {{"text", "hi"}});
    command("cmd_1", 1, "apply", {request("one", kHi, 5, wire::Policy::audit)});
    command("cmd_2", 2, "remove", {request("one", nullptr, 6, wire::Policy::audit)});
    ASSERT_TRUE(ends("cmd_2", "succeeded"));
    EXPECT_EQ(machine->get("one")["text"], json::Value("hi"));
    EXPECT_EQ(agent->catalog().size(), 0U);
    const json::Value entry = last("command.outcome")["resources"].as_array().at(0);
    EXPECT_EQ(entry["outcome"], json::Value("planned"));
    EXPECT_EQ(entry["notes"], json::Value(json::Array{"nothing was removed: under the policy audit "
                                                      "only the description is dropped"}));
}

TEST_F(Commands, ARemovalUnderAuditRemovesNothingWhereNothingIsDescribedEither) {
    machine->set("one", {{"text", "hi"}});
    command("cmd_1", 1, "remove", {request("one", nullptr, 5, wire::Policy::audit)});
    ASSERT_TRUE(ends("cmd_1", "succeeded"));
    command("cmd_2", 2, "remove", {request("one", nullptr, 5, wire::Policy::audit)});
    ASSERT_TRUE(ends("cmd_2", "succeeded"));
    EXPECT_EQ(machine->get("one")["text"], json::Value("hi"));
}

TEST_F(Commands, WhatAPluginWarnsOfLeavesTheAgent) {
    machine->warn({"no user bob yet"});
    const json::Value notes = json::Array{"no user bob yet"};
    const json::Value resource =
        json::Object{{"collection", "notes"}, {"id", "one"}, {"description", kHi}};
    const wire::Reply reply = ask("plan", json::Object{{"resources", json::Array{resource}}});
    EXPECT_EQ(reply.result["resources"].as_array().at(0)["notes"], notes);
    command("cmd_1", 1, "apply", {request("one", kHi, 5)});
    ASSERT_TRUE(ends("cmd_1", "succeeded"));
    EXPECT_EQ(last("command.outcome")["resources"].as_array().at(0)["notes"], notes);
}

TEST_F(Commands, ForgetTouchesNothing) {
    command("cmd_1", 1, "apply", {request("one", kHi, 5)});
    command("cmd_2", 2, "forget", {request("one", nullptr, 6)});
    ASSERT_TRUE(ends("cmd_2", "succeeded"));
    EXPECT_EQ(machine->get("one")["text"], json::Value("hi"));
    EXPECT_EQ(agent->catalog().size(), 0U);
    ASSERT_TRUE(until([&] { return machine->watched().empty(); }));
}

TEST_F(Commands, TheDescriptionIsKeptWhateverBecomesOfIt) {
    machine->fail_applies(Error{Errc::denied, "no"});
    command("cmd_1", 1, "apply", {request("one", kHi, 5)});
    ASSERT_TRUE(ends("cmd_1", "failed"));
    EXPECT_EQ(compliance_of("one").status, Verdict::failed);
    start();
    EXPECT_EQ(revision_of("one"), 5U);
}

TEST_F(Commands, AFailedResourceDoesNotStopTheRest) {
    wire::ResourceRequest unknown = request("x", kHi, 5);
    unknown.ref.collection = "nonesuch";
    command("cmd_1", 1, "apply", {unknown, request("BAD", kHi, 6), request("one", kHi, 7)});
    ASSERT_TRUE(ends("cmd_1", "failed"));
    EXPECT_EQ(machine->get("one")["text"], json::Value("hi"));
    EXPECT_EQ(agent->catalog().find(unknown.ref)->status.compliance.reason, "no_plugin");
}

TEST_F(Commands, BegunBeforeTheEndOfTheProcessAreBegunAgain) {
    machine->hang_in("apply");
    command("cmd_1", 1, "apply", {request("one", kHi, 5)});
    ASSERT_TRUE(until([&] { return count("command.running") == 1; }));
    // The lane is left behind with its call, like in a killed process; it does nothing more.
    machine = std::make_shared<FakeMachine>();
    auto left = std::move(agent);
    auto old_loop = std::move(loop);
    left->stop();
    left.reset();
    old_loop.reset();
    start();
    ASSERT_TRUE(ends("cmd_1", "succeeded"));
    EXPECT_EQ(machine->get("one")["text"], json::Value("hi"));
}

TEST_F(Commands, AnInterruptedActionIsNotRunTwice) {
    command("cmd_1", 1, "apply", {request("one", kHi, 5)});
    ASSERT_TRUE(ends("cmd_1", "succeeded"));
    machine->hang_in("invoke");
    wire::ResourceRequest shout = request("one", nullptr, 0);
    shout.action = "shout";
    command("cmd_2", 2, "invoke", {shout});
    ASSERT_TRUE(until([&] { return count("command.running") == 2; }));
    start();
    ASSERT_TRUE(ends("cmd_2", "interrupted"));
}

TEST_F(Commands, WaitingOnesCanBeCancelled) {
    machine->hang_in("apply");
    command("cmd_1", 1, "apply", {request("one", kHi, 5)});
    command("cmd_2", 2, "apply", {request("one", kHo, 6)});
    agent->admission().cancel("cmd_2");
    ASSERT_TRUE(ends("cmd_2", "cancelled"));
    machine->let_go();
    ASSERT_TRUE(ends("cmd_1", "succeeded"));
    EXPECT_EQ(machine->get("one")["text"], json::Value("hi"));
    EXPECT_EQ(revision_of("one"), 5U);
}

TEST_F(Commands, ThatWaitedTooLongExpire) {
    machine->hang_in("apply");
    command("cmd_1", 1, "apply", {request("one", kHi, 5)});
    command("cmd_2", 2, "apply", {request("one", kHo, 6)}, 1ms);
    ASSERT_TRUE(until([&] { return count("command.running") == 1; }));
    loop->run_until([] { return false; }, 20ms);  // elapsed time is what this is about
    machine->let_go();
    ASSERT_TRUE(ends("cmd_2", "expired"));
    EXPECT_EQ(machine->get("one")["text"], json::Value("hi"));
}

TEST_F(Commands, OfTheOrchestratorAreNotForLocalHands) {
    command("cmd_1", 1, "apply", {request("one", kHi, 5)});
    ASSERT_TRUE(ends("cmd_1", "succeeded"));
    const json::Value refused = apply("one", kHo);
    EXPECT_EQ(refused["state"], json::Value("failed"));
    EXPECT_EQ(machine->get("one")["text"], json::Value("hi"));
    const json::Value taken = apply("one", kHo, "report", true);
    EXPECT_EQ(taken["state"], json::Value("succeeded")) << json::write(taken);
    EXPECT_EQ(count("description.forgotten"), 1U);
    EXPECT_TRUE(agent->catalog().inventory().empty());
    command("cmd_2", 2, "apply", {request("one", kHi, 6)});
    ASSERT_TRUE(ends("cmd_2", "succeeded"));
    EXPECT_EQ(agent->catalog().inventory().size(), 1U);
    EXPECT_EQ(count("description.changed"), 2U);
}

TEST_F(Commands, ALocalSecretIsShownAsFingerprintAndKept) {
    apply("one", json::Object{{"secret", "hunter2"}});
    for (const Told& each : events) {
        if (each.draft.kind != wire::EventKind::description_changed) continue;
        EXPECT_EQ(json::write(each.draft.data["description"]).find("hunter2"), std::string::npos);
        const json::Value again = apply("one", each.draft.data["description"]);
        EXPECT_EQ(again["state"], json::Value("succeeded"));
        break;
    }
    EXPECT_EQ(machine->get("one")["secret"], json::Value("hunter2"));
}

TEST_F(Commands, AnOutcomeLeavesTheInboxOnceItIsHandedOver) {
    command("cmd_1", 1, "apply", {request("one", kHi, 5)});
    ASSERT_TRUE(ends("cmd_1", "succeeded"));
    agent->journal().accepted_through(agent->journal().outbox().last());
    EXPECT_EQ(command("cmd_1", 1, "apply", {request("one", kHi, 5)}), Disposition::accept);
    const auto loaded = agent->store().load();
    EXPECT_TRUE(loaded->inbox.empty());
    EXPECT_TRUE(loaded->outbox.empty());
    EXPECT_EQ(loaded->position.seq, 1U);
}

TEST_F(Commands, APlanChangesNothing) {
    const json::Value resource =
        json::Object{{"collection", "notes"}, {"id", "one"}, {"description", kHi}};
    const wire::Reply reply = ask("plan", json::Object{{"resources", json::Array{resource}}});
    const json::Value& entry = reply.result["resources"].as_array().at(0);
    EXPECT_EQ(entry["outcome"], json::Value("planned"));
    EXPECT_EQ(entry["changes"].as_array().size(), 1U);
    EXPECT_TRUE(machine->get("one").is_null());
    EXPECT_EQ(agent->catalog().size(), 0U);
}

TEST_F(Commands, TheInventoryComesInPages) {
    for (std::uint64_t i = 1; i <= 3; ++i) {
        command("cmd_" + std::to_string(i), i, "apply", {request("n" + std::to_string(i), kHi, i)});
    }
    ASSERT_TRUE(ends("cmd_3", "succeeded"));
    const wire::Reply first = ask("inventory", json::Object{{"after", nullptr}, {"limit", 2}});
    EXPECT_EQ(first.result["items"].as_array().size(), 2U);
    const wire::Reply rest =
        ask("inventory", json::Object{{"after", first.result["next"]}, {"limit", 2}});
    ASSERT_EQ(rest.result["items"].as_array().size(), 1U);
    EXPECT_EQ(rest.result["items"].as_array()[0]["id"], json::Value("n3"));
    EXPECT_TRUE(rest.result["next"].is_null());
}

}  // namespace
}  // namespace evenkeel::agent::test
