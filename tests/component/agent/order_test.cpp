#include <algorithm>
#include <thread>

#include "tests/component/agent/bench.hpp"

// "requires" and "notifies": the order of the work, what is skipped, and that an action that is
// owed is run once and never lost.
namespace evenkeel::agent::test {
namespace {

using Deeds = std::vector<std::string>;

json::Value ref(const std::string& id, const std::string& action = "") {
    json::Object out{{"collection", "notes"}, {"id", id}};
    if (!action.empty()) out.set("action", action);
    return out;
}

class Order : public AgentBench {
  protected:
    void SetUp() override { start(); }

    // An entry of a FILE whose text is `text`.
    static json::Value entry(const std::string& id, const std::string& text,
                             const Deeds& required = {}, const Deeds& notified = {},
                             const std::string& policy = "report") {
        json::Object out{{"collection", "notes"},
                         {"id", id},
                         {"description", json::Object{{"text", text}}},
                         {"policy", policy}};
        json::Array needed;
        for (const std::string& need : required) needed.push_back(ref(need));
        if (!required.empty()) out.set("requires", std::move(needed));
        json::Array told;
        for (const std::string& tell : notified) told.push_back(ref(tell, "shout"));
        if (!notified.empty()) out.set("notifies", std::move(told));
        return out;
    }
    wire::Reply send(const std::string& verb, json::Array entries) {
        return ask(verb, json::Object{{"resources", std::move(entries)}});
    }
    // "id outcome" or "action id outcome" of each entry.
    static Deeds outcomes(const wire::Reply& reply) {
        Deeds out;
        for (const json::Value& each : reply.result["resources"].as_array()) {
            const std::string action = each.string_or("action");
            out.push_back((action.empty() ? "" : action + " ") + each.string_or("id") + " " +
                          each.string_or("outcome"));
        }
        return out;
    }
    static std::string why(const wire::Reply& reply, std::size_t at) {
        return reply.result["resources"].as_array().at(at)["error"].string_or("detail");
    }
    static std::string refusal(const wire::Reply& reply) {
        return reply.error ? reply.error->what : "it was taken";
    }
    // Ends the agent like a kill: what a call has done is never heard of, what is on disk stays.
    void kill_and_start() {
        auto left = std::move(agent);
        auto old_loop = std::move(loop);
        const auto next = std::make_shared<FakeMachine>();
        for (const char* id : {"bell", "file", "other"}) {
            const json::Value state = machine->get(id);
            if (state.is_object()) next->set(id, state.as_object());
        }
        left_ = std::move(machine);
        machine = next;
        left_->let_go();
        left->stop();
        left.reset();
        old_loop.reset();
        // A repair's call holds the store until it is back.
        while (!AgentStore::open(options.state_dir)) std::this_thread::yield();
        start();
    }
    std::shared_ptr<FakeMachine> left_;
};

TEST_F(Order, WhatIsRequiredComesFirstAndTheRestStaysAsGiven) {
    const auto reply =
        send("apply", {entry("web", "x", {"conf", "pkg"}), entry("one", "x"),
                       entry("conf", "x", {"pkg"}), entry("pkg", "x"), entry("two", "x")});
    EXPECT_EQ(outcomes(reply),
              (Deeds{"one done", "pkg done", "conf done", "web done", "two done"}));
    EXPECT_EQ(machine->apply_results(),
              (Deeds{"apply one", "apply pkg", "apply conf", "apply web", "apply two"}));
}

TEST_F(Order, WhatDependsOnAFailureIsSkippedWithTheReasonAndTheRestGoesOn) {
    machine->fail_apply_of("pkg", Error{Errc::unavailable, "no mirror"});
    const auto reply = send("apply", {entry("pkg", "x"), entry("conf", "x", {"pkg"}),
                                      entry("web", "x", {"conf"}), entry("one", "x")});
    EXPECT_EQ(outcomes(reply), (Deeds{"pkg failed", "conf skipped", "web skipped", "one done"}));
    EXPECT_EQ(reply.result.string_or("state"), "failed");
    EXPECT_EQ(why(reply, 1), "it requires notes pkg, which failed: no mirror");
    EXPECT_EQ(why(reply, 2), "it requires notes conf, which was skipped because notes pkg failed");
    EXPECT_EQ(reply.result["resources"].as_array()[2]["error"].string_or("code"), "unavailable");
    EXPECT_EQ(machine->apply_results(), Deeds{"apply one"});
    // They are described nevertheless, and somebody has looked how they stand.
    ASSERT_TRUE(until([&] { return compliance_of("web").status == wire::Verdict::drifted; }));
}

TEST_F(Order, StepsOfACollectionThatBatchesAreOneCallAndFailAlone) {
    machine->batch();
    machine->fail_apply_of("two", Error{Errc::not_found, "no such note"});
    auto reply = send("apply", {entry("one", "x"), entry("two", "x"), entry("three", "x")});
    EXPECT_EQ(machine->batches(), (std::vector<Deeds>{Deeds{"one", "two", "three"}}));
    EXPECT_EQ(outcomes(reply), (Deeds{"one done", "two failed", "three done"}));
    EXPECT_EQ(why(reply, 1), "no such note");
    EXPECT_EQ(reply.result.string_or("state"), "failed");
    EXPECT_EQ(compliance_of("one").status, wire::Verdict::compliant);
    EXPECT_EQ(compliance_of("two").status, wire::Verdict::failed);
    EXPECT_EQ(machine->get("three").string_or("text"), "x");
}

// The entry of a FILE that removes the note.
json::Value absence(const std::string& id) {
    return json::Object{
        {"collection", "notes"}, {"id", id}, {"description", json::Object{{"ensure", "absent"}}}};
}

TEST_F(Order, RemovalsShareTheCallWithTheRest) {
    machine->batch();
    machine->set("old", {{"text", "x"}});
    const auto reply = send("apply", {entry("one", "x"), absence("old"), absence("never")});
    EXPECT_EQ(outcomes(reply), (Deeds{"one done", "old done", "never done"}));
    EXPECT_EQ(machine->batches(), (std::vector<Deeds>{Deeds{"one", "old", "never"}}));
    EXPECT_EQ(machine->apply_results(), (Deeds{"apply one", "remove old"}));
    EXPECT_EQ(compliance_of("old").status, wire::Verdict::compliant);
}

TEST_F(Order, APlanOfACollectionThatBatchesIsOneCallToo) {
    machine->batch();
    machine->fail_apply_of("two", Error{Errc::not_found, "no such note"});
    const auto reply = send("plan", {entry("one", "x"), entry("two", "x"), entry("three", "x")});
    EXPECT_EQ(machine->batches(), (std::vector<Deeds>{Deeds{"one", "two", "three"}}));
    EXPECT_EQ(outcomes(reply), (Deeds{"one planned", "two failed", "three planned"}));
    EXPECT_TRUE(machine->apply_results().empty());
}

TEST_F(Order, MoreThanTwoHundredStepsAreSeveralCalls) {
    machine->batch();
    json::Array entries;
    for (int i = 0; i < 201; ++i) entries.push_back(entry("n" + std::to_string(i), "x"));
    const auto reply = send("apply", std::move(entries));
    EXPECT_EQ(reply.result.string_or("state"), "succeeded");
    ASSERT_EQ(machine->batches().size(), 2U);
    EXPECT_EQ(machine->batches()[0].size(), 200U);
    EXPECT_EQ(machine->batches()[1], Deeds{"n200"});
}

TEST_F(Order, ATieAPolicyThatOnlyPlansAndANoticeSplitABatch) {
    machine->batch();
    auto reply = send("apply", {entry("pkg", "x"), entry("one", "x"), entry("conf", "x", {"pkg"}),
                                entry("look", "x", {}, {}, "audit"), entry("bell", "x"),
                                entry("file", "x", {}, {"bell"}), entry("last", "x")});
    EXPECT_EQ(outcomes(reply), (Deeds{"pkg done", "one done", "conf done", "look planned",
                                      "bell done", "file done", "last done", "shout bell done"}));
    // What owes an action is planned before.
    EXPECT_EQ(machine->batches(),
              (std::vector<Deeds>{Deeds{"pkg", "one"}, Deeds{"conf"}, Deeds{"look"}, Deeds{"bell"},
                                  Deeds{"file"}, Deeds{"file"}, Deeds{"last"}}));
    EXPECT_TRUE(machine->get("look").is_null());
}

TEST_F(Order, WhatHasFailedBeforeHoldsBackWhatRequiresItNow) {
    machine->fail_apply_of("pkg", Error{Errc::unavailable, "no mirror"});
    send("apply", {entry("pkg", "x")});
    const auto reply = send("apply", {entry("conf", "x", {"pkg"})});
    EXPECT_EQ(outcomes(reply), Deeds{"conf skipped"});
    EXPECT_EQ(reply.result.string_or("state"), "failed");
    machine->fail_apply_of("pkg", std::nullopt);
    EXPECT_EQ(outcomes(send("apply", {entry("conf", "x", {"pkg"}), entry("pkg", "x")})),
              (Deeds{"pkg done", "conf done"}));
}

TEST_F(Order, AChangeNotifiesOnceAfterAllChangesAndOnlyAChange) {
    const json::Array file{entry("file", "1", {}, {"bell"}), entry("other", "1", {}, {"bell"}),
                           entry("bell", "x"), entry("last", "x")};
    auto reply = send("apply", file);
    EXPECT_EQ(outcomes(reply),
              (Deeds{"file done", "other done", "bell done", "last done", "shout bell done"}));
    EXPECT_EQ(machine->apply_results().back(), "shout bell");
    EXPECT_EQ(machine->apply_results().size(), 5U);
    reply = send("apply", file);
    EXPECT_EQ(outcomes(reply), (Deeds{"file done", "other done", "bell done", "last done"}));
    EXPECT_EQ(machine->apply_results().size(), 5U);
}

TEST_F(Order, APlanShowsOrderSkipsAndActionsAndDoesNothing) {
    machine->set("bell", {{"text", "x"}});
    machine->fail_apply_of("pkg", Error{Errc::unavailable, "no mirror"});
    const auto reply = send("plan", {entry("conf", "x", {"pkg"}), entry("pkg", "x"),
                                     entry("file", "1", {}, {"bell"}), entry("bell", "x")});
    EXPECT_EQ(outcomes(reply), (Deeds{"pkg failed", "conf skipped", "file planned", "bell planned",
                                      "shout bell planned"}));
    EXPECT_EQ(machine->apply_results(), Deeds{});
    EXPECT_EQ(agent->catalog().size(), 0U);
    const auto quiet = send("plan", {entry("bell", "x", {}, {"bell"})});
    EXPECT_EQ(outcomes(quiet), Deeds{"bell planned"});
}

TEST_F(Order, AnActionOnWhatFailedIsSkippedAndStaysOwed) {
    machine->fail_apply_of("bell", Error{Errc::denied, "no"});
    const json::Array file{entry("file", "1", {}, {"bell"}), entry("bell", "x")};
    auto reply = send("apply", file);
    EXPECT_EQ(outcomes(reply), (Deeds{"file done", "bell failed", "shout bell skipped"}));
    EXPECT_EQ(why(reply, 2), "notes bell failed: no");
    machine->fail_apply_of("bell", std::nullopt);
    start();
    reply = send("apply", file);
    EXPECT_EQ(outcomes(reply), (Deeds{"file done", "bell done", "shout bell done"}));
    EXPECT_EQ(outcomes(send("apply", file)), (Deeds{"file done", "bell done"}));
}

TEST_F(Order, AnActionThatFailsFailsTheCommandAndStaysOwed) {
    const json::Array file{entry("file", "1", {}, {"bell"}), entry("bell", "x")};
    machine->fail_invokes(Error{Errc::unavailable, "hoarse"});
    auto reply = send("apply", file);
    EXPECT_EQ(outcomes(reply).back(), "shout bell failed");
    EXPECT_EQ(reply.result.string_or("state"), "failed");
    machine->fail_invokes(std::nullopt);
    EXPECT_EQ(outcomes(send("apply", file)).back(), "shout bell done");
}

TEST_F(Order, UnderAuditNothingIsChangedAndNobodyIsTold) {
    send("apply", {entry("bell", "x", {}, {}, "audit")});
    auto reply = send("apply", {entry("file", "1", {}, {"bell"}, "audit")});
    EXPECT_EQ(outcomes(reply), Deeds{"file planned"});
    reply = send("apply", {entry("file", "1", {}, {"bell"})});
    EXPECT_EQ(outcomes(reply), (Deeds{"file done", "shout bell skipped"}));
    EXPECT_EQ(machine->apply_results(), Deeds{"apply file"});
}

TEST_F(Order, WhatIsNotWantedAnyMoreIsNotTold) {
    send("apply", {entry("bell", "x"), entry("file", "1", {}, {"bell"})});
    json::Value gone = entry("bell", "x");
    gone.as_object().set("description", json::Object{{"ensure", "absent"}});
    const auto reply = send("apply", {entry("file", "2", {}, {"bell"}), gone});
    EXPECT_EQ(outcomes(reply), (Deeds{"file done", "bell done", "shout bell skipped"}));
    EXPECT_TRUE(agent->catalog().pending_notifications.empty());
}

TEST_F(Order, EveryWrongTieIsToldWithItsPointer) {
    json::Value wrong = entry("file", "1", {"file", "nowhere"}, {"bell"});
    wrong.as_object()
        .find("notifies")
        ->as_array()
        .push_back(json::Object{{"collection", "notes"}, {"id", "bell"}, {"action", "whisper"}});
    const std::string said = refusal(send("apply", {wrong, entry("bell", "x")}));
    EXPECT_NE(said.find("/resources/0/requires/0: it requires itself"), std::string::npos) << said;
    EXPECT_NE(said.find("/resources/0/requires/1: notes nowhere is neither"), std::string::npos);
    EXPECT_NE(said.find("/resources/0/notifies/1/action: the collection notes has no action"),
              std::string::npos);
    json::Value odd = entry("file", "1");
    odd.as_object().set("requires", json::Array{json::Object{{"colection", "x"}, {"id", ""}}, 7});
    const std::string shape = refusal(send("plan", {odd}));
    for (const char* pointer :
         {"/resources/0/requires/0/colection: ", "/resources/0/requires/0/collection: ",
          "/resources/0/requires/0/id: ", "/resources/0/requires/1: "}) {
        EXPECT_NE(shape.find(pointer), std::string::npos) << pointer << " in " << shape;
    }
    EXPECT_EQ(agent->catalog().size(), 0U);
}

TEST_F(Order, EveryEntryThatCannotBeIsToldWithItsPointer) {
    json::Value wrong = entry("file", "1");
    wrong.as_object().set("description", json::Object{{"text", 7}, {"txet", "x"}});
    for (const char* verb : {"plan", "apply"}) {
        const std::string said = refusal(send(verb, {entry("NO", "x"), wrong, entry("ok", "x")}));
        for (const char* pointer : {"/resources/0/id: ", "/resources/1/description/text: ",
                                    "/resources/1/description/txet: "}) {
            EXPECT_NE(said.find(pointer), std::string::npos) << pointer << " in " << said;
        }
    }
    json::Value odd = entry("file", "1");
    odd.as_object().set("policy", "never");
    const std::string policy = refusal(send("apply", {odd}));
    EXPECT_TRUE(policy.starts_with("/resources/0/policy: ")) << policy;
    // All at once, in one entry too: what does not decode hides nothing of what the schema says.
    odd.as_object().set("colour", "red");
    odd.as_object().set("description", json::Object{{"text", 7}});
    odd.as_object().set("requires", json::Array{7});
    const std::string all = refusal(send("plan", {odd, 7, entry("NO", "x"), wrong}));
    for (const char* pointer :
         {"/resources/0/policy: ", "/resources/0/colour: ", "/resources/0/description/text: ",
          "/resources/0/requires/0: ", "/resources/1: ", "/resources/2/id: ",
          "/resources/3/description/text: ", "/resources/3/description/txet: "}) {
        EXPECT_NE(all.find(pointer), std::string::npos) << pointer << " in " << all;
    }
    EXPECT_EQ(agent->catalog().size(), 0U);
}

TEST_F(Order, ACycleIsRefusedByNameAlsoOverWhatIsDescribedAlready) {
    EXPECT_EQ(refusal(send("apply", {entry("a", "x", {"b"}), entry("b", "x", {"a"})})),
              "/resources/0/requires/0: a cycle: notes a -> notes b -> notes a");
    send("apply", {entry("a", "x"), entry("b", "x", {"a"})});
    EXPECT_EQ(refusal(send("apply", {entry("a", "x", {"b"})})),
              "/resources/0/requires/0: a cycle: notes a -> notes b -> notes a");
    EXPECT_EQ(refusal(send("apply", {entry("a", "x"), entry("a", "y")})),
              "/resources/1: the resource is there twice");
}

TEST_F(Order, ACycleFromTheBusFailsByNameAndIsKept) {
    wire::ResourceRequest a = request("a", json::Object{{"text", "x"}}, 5);
    a.relations.required = {{"notes", "b"}};
    wire::ResourceRequest b = request("b", json::Object{{"text", "x"}}, 6);
    b.relations.required = {{"notes", "a"}};
    command("cmd_1", 1, "apply", {a, b});
    ASSERT_TRUE(until([&] { return outcome_of("cmd_1") == "failed"; }));
    EXPECT_EQ(agent->catalog().inventory().size(), 2U);
    EXPECT_NE(compliance_of("a").reason.find("a cycle: notes a -> notes b"), std::string::npos);
}

TEST_F(Order, TiesOutliveTheProcess) {
    send("apply", {entry("bell", "x"), entry("file", "1", {"bell"}, {"bell"})});
    start();
    const CatalogEntry* entry = agent->catalog().find({"notes", "file"});
    ASSERT_TRUE(entry);
    EXPECT_EQ(entry->metadata.relations.required, (std::vector<wire::Ref>{{"notes", "bell"}}));
    EXPECT_EQ(entry->metadata.relations.notified,
              (std::vector<wire::Notification>{{{"notes", "bell"}, "shout"}}));
}

TEST_F(Order, ARepairThatChangedSomethingNotifiesOnceForMany) {
    send("apply", {entry("bell", "x"), entry("file", "1", {}, {"bell"}, "enforce"),
                   entry("other", "1", {}, {"bell"}, "enforce")});
    const auto before = machine->apply_results().size();
    machine->hang_in("read");
    machine->tamper("file", {{"text", "bad"}});
    machine->tamper("other", {{"text", "bad"}});
    machine->let_go();
    ASSERT_TRUE(until([&] { return count("resource.notified") > 0; }));
    settle();
    Deeds after = machine->apply_results();
    after.erase(after.begin(), after.begin() + static_cast<std::ptrdiff_t>(before));
    ASSERT_EQ(after.size(), 3U);
    // Which of the two comes first is nobody's promise.
    std::sort(after.begin(), after.begin() + 2);
    EXPECT_EQ(after, (Deeds{"apply file", "apply other", "shout bell"}));
    EXPECT_TRUE(agent->catalog().pending_notifications.empty());
    EXPECT_TRUE(agent->store().load()->pending_notifications.empty());
}

TEST_F(Order, ARepairWaitsForWhatItRequires) {
    machine->fail_apply_of("pkg", Error{Errc::unavailable, "no mirror"});
    const json::Array file{entry("pkg", "x"), entry("conf", "x", {"pkg"}, {}, "enforce")};
    EXPECT_EQ(outcomes(send("apply", file)), (Deeds{"pkg failed", "conf skipped"}));
    ASSERT_TRUE(until([&] { return compliance_of("conf").status == wire::Verdict::drifted; }));
    settle();
    EXPECT_EQ(machine->apply_results(), Deeds{});
    machine->fail_apply_of("pkg", std::nullopt);
    EXPECT_EQ(outcomes(send("apply", {entry("pkg", "x")})), Deeds{"pkg done"});
    ASSERT_TRUE(until([&] { return compliance_of("conf").status == wire::Verdict::compliant; }));
    EXPECT_EQ(machine->apply_results(), (Deeds{"apply pkg", "apply conf"}));
}

TEST_F(Order, AKillBetweenTheChangeAndItsRecordLosesNoAction) {
    send("apply", {entry("bell", "x"), entry("file", "1", {}, {"bell"})});
    machine->hang_in("applied");
    agent->requests().answer_local(
        {wire::RequestVerb::apply, 60s,
         json::Object{{"resources", json::Array{entry("file", "2", {}, {"bell"})}}}},
        {[](const wire::Reply&) {}});
    ASSERT_TRUE(until([&] { return machine->get("file")["text"] == json::Value("2"); }));
    kill_and_start();
    ASSERT_TRUE(until([&] { return !machine->apply_results().empty(); }));
    ASSERT_TRUE(until([&] { return agent->store().load()->pending_notifications.empty(); }));
    EXPECT_EQ(machine->apply_results(), Deeds{"shout bell"});
}

TEST_F(Order, AKillInTheActionRunsItAgain) {
    send("apply", {entry("bell", "x")});
    machine->hang_in("invoke");
    command("cmd_1", 1, "apply", {[] {
                wire::ResourceRequest file = request("file", json::Object{{"text", "1"}}, 5);
                file.relations.notified = {{{"notes", "bell"}, "shout"}};
                return file;
            }()});
    ASSERT_TRUE(until([&] { return machine->get("file")["text"] == json::Value("1"); }));
    ASSERT_TRUE(hangs_in("invoke"));
    kill_and_start();
    ASSERT_TRUE(until([&] { return outcome_of("cmd_1") == "succeeded"; }));
    EXPECT_EQ(machine->apply_results(), Deeds{"shout bell"});
}

TEST_F(Order, AKillBetweenARepairAndItsActionLosesNothing) {
    send("apply", {entry("bell", "x"), entry("file", "1", {}, {"bell"}, "enforce")});
    machine->hang_in("applied");
    machine->tamper("file", {{"text", "bad"}});
    ASSERT_TRUE(until([&] { return machine->get("file")["text"] == json::Value("1"); }));
    kill_and_start();
    ASSERT_TRUE(until([&] { return !machine->apply_results().empty(); }));
    EXPECT_EQ(machine->apply_results(), Deeds{"shout bell"});
}

TEST_F(Order, ACancelledCommandLeavesItsActionsOwed) {
    send("apply", {entry("bell", "x")});
    wire::ResourceRequest file = request("file", json::Object{{"text", "1"}}, 5);
    file.relations.notified = {{{"notes", "bell"}, "shout"}};
    machine->hang_in("applied");
    command("cmd_1", 1, "apply", {file});
    ASSERT_TRUE(until([&] { return machine->get("file")["text"] == json::Value("1"); }));
    agent->admission().cancel("cmd_1");
    machine->let_go();
    ASSERT_TRUE(until([&] { return outcome_of("cmd_1") == "cancelled"; }));
    EXPECT_EQ(agent->catalog().pending_notifications.size(), 1U);
    command("cmd_2", 2, "apply", {file});
    ASSERT_TRUE(until([&] { return outcome_of("cmd_2") == "succeeded"; }));
    EXPECT_EQ(machine->apply_results().back(), "shout bell");
}

TEST_F(Order, RemovalsGoTheOtherWayRoundAndNotify) {
    wire::ResourceRequest file = request("file", json::Object{{"text", "1"}}, 5);
    wire::ResourceRequest other = request("other", json::Object{{"text", "1"}}, 6);
    other.relations.required = {file.ref};
    other.relations.notified = {{{"notes", "bell"}, "shout"}};
    command("cmd_1", 1, "apply", {file, other, request("bell", json::Object{{"text", "1"}}, 7)});
    command("cmd_2", 2, "remove", {request("file", nullptr, 8), request("other", nullptr, 9)});
    ASSERT_TRUE(until([&] { return outcome_of("cmd_2") == "succeeded"; }));
    const Deeds apply_results = machine->apply_results();
    EXPECT_EQ(Deeds(apply_results.end() - 3, apply_results.end()),
              (Deeds{"remove other", "remove file", "shout bell"}));
    EXPECT_TRUE(agent->store().load()->pending_notifications.empty());
}

}  // namespace
}  // namespace evenkeel::agent::test
