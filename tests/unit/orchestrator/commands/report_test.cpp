#include "orchestrator/commands/report.hpp"

#include <set>

#include "core/base/time.hpp"
#include "core/json/counters.hpp"
#include "core/store/counters.hpp"
#include "core/wire/message.hpp"
#include "orchestrator/commands/describe.hpp"
#include "orchestrator/state/hosts.hpp"
#include "orchestrator/state/schema_cache.hpp"
#include "orchestrator/state/to_compile.hpp"
#include "orchestrator/state/wanted.hpp"
#include "tests/unit/orchestrator/fixture.hpp"

namespace evenkeel::commands {
namespace {

using state::CommandState;

class ReportTest : public test::StateTest {
  protected:
    void SetUp() override {
        StateTest::SetUp();
        change([&](state::Edit& edit) -> Result<void> {
            DescriptionRequest request;
            request.ref = {"files", "/a"};
            request.description = json::Object{{"content", "x"}};
            made_ =
                EK_TRY(describe(edit, protector_, {.host = host_, .request_id = ""}, {request}));
            return {};
        });
        generation_ = resource("/a")->generation;
    }

    Result<ReceiveResult> take(std::uint64_t seq, const std::string& kind, json::Value data,
                               std::uint64_t previous = 0) {
        const wire::Event event{kStream, seq, OpenName<wire::EventKind>(kind), happened_,
                                std::move(data)};
        ReceiveResult received = ReceiveResult::fresh;
        const ReportContext context{&protector_, &schemas_, stream_ ? *stream_ : state_->stream()};
        const auto done = try_change([&](state::Edit& edit) -> Result<void> {
            received = EK_TRY(take_event(edit, context, host_, event, previous));
            return {};
        });
        if (!done) return fail(done.error());
        return received;
    }

    json::Value verdict(const std::string& status) {
        return json::Object{{"status", status},
                            {"reason", ""},
                            {"fields", json::Array{}},
                            {"since", "2026-11-23T05:36:53.120Z"},
                            {"seen_by", "event"}};
    }
    json::Value seen(const std::string& status, const wire::Generation& generation) {
        return json::Object{{"collection", "files"},
                            {"id", "/a"},
                            {"policy", "report"},
                            {"generation", wire::encode(generation)},
                            {"compliance", verdict(status)},
                            {"changes", json::Array{}},
                            {"state", json::Object{{"size", 1}}}};
    }
    json::Value outcome(const std::string& state, const std::string& done = "done") {
        return json::Object{
            {"command", made_.id},
            {"state", state},
            {"resources", json::Array{json::Object{{"collection", "files"},
                                                   {"id", "/a"},
                                                   {"generation", wire::encode(generation_)},
                                                   {"outcome", done},
                                                   {"changes", json::Array{}},
                                                   {"error", nullptr},
                                                   {"state", json::Object{{"size", 1}}},
                                                   {"compliance", verdict("compliant")}}}},
            {"error", nullptr}};
    }

    static json::Object& first_entry(json::Value& outcome) {
        return outcome.as_object().find("resources")->as_array()[0].as_object();
    }

    // "time" of every event of these types
    std::set<std::string> times(const std::set<std::string_view>& types) {
        std::set<std::string> times;
        const auto view = read();
        EXPECT_TRUE(view.events().after(0, [&](std::uint64_t, const state::StoredEvent& event) {
            if (types.contains(event.type)) {
                times.insert((*json::parse(event.body)).string_or("time"));
            }
            return true;
        }));
        return times;
    }

    // Rows read and JSON texts parsed by a report.
    std::pair<std::uint64_t, std::uint64_t> spent_on(std::uint64_t seq, const std::string& kind,
                                                     json::Value data) {
        const store::Counters rows = store::counters();
        const json::Counters texts = json::counters();
        EXPECT_EQ(*take(seq, kind, std::move(data)), ReceiveResult::fresh);
        return {(store::counters() - rows).reads, (json::counters() - texts).parses};
    }

    std::string happened_ = "2026-01-02T03:04:05.678Z";
    state::Command made_;
    wire::Generation generation_;
    std::optional<store::Stream> stream_;
};

TEST_F(ReportTest, DriftChangesTheVerdictAndIsTold) {
    const std::uint64_t before = resource("/a")->revision;
    EXPECT_EQ(*take(1, "resource.drifted", seen("drifted", generation_)), ReceiveResult::fresh);
    EXPECT_EQ(resource("/a")->compliance.status, wire::Verdict::drifted);
    EXPECT_GT(resource("/a")->revision, before);
    EXPECT_EQ(event_types().back(), "resource.drifted");
    EXPECT_EQ(resource("/a")->revision, *read().revision());
}

TEST_F(ReportTest, WhatIsReportedCostsTheSameWhateverTheHostDescribes) {
    const auto put = [&](state::Edit& edit, const std::string& id) {
        DescriptionRequest request;
        request.ref = {"files", id};
        request.description = json::Object{{"content", id}, {"mode", "0644"}};
        request.schema = schema_;
        return describe(edit, protector_, {.host = host_, .request_id = "r"}, {request});
    };
    const auto drift = spent_on(1, "resource.drifted", seen("drifted", generation_));
    const auto end = spent_on(2, "command.outcome", outcome("succeeded"));
    change([&](state::Edit& edit) -> Result<void> {
        for (int i = 0; i < 1'000; ++i) EK_TRY(put(edit, "/many" + std::to_string(i)));
        made_ = EK_TRY(put(edit, "/a"));
        return {};
    });
    generation_ = resource("/a")->generation;
    EXPECT_EQ(spent_on(3, "resource.drifted", seen("drifted", generation_)), drift);
    EXPECT_EQ(spent_on(4, "command.outcome", outcome("succeeded")), end);
    EXPECT_LT(end.first, 60U);
}

TEST_F(ReportTest, WhatAHostReportsHappenedWhenItSaysAndIsRecordedNow) {
    const std::string before = now_rfc3339();
    EXPECT_TRUE(take(1, "resource.drifted", seen("drifted", generation_)));
    EXPECT_EQ(resource("/a")->observed_at, happened_);
    EXPECT_TRUE(take(2, "agent.blind", json::Object{}));
    json::Value local = seen("compliant", {});
    local.as_object().set("id", "/l");
    local.as_object().set("description", json::Object{{"mode", "0644"}});
    local.as_object().set("origin", "local");
    EXPECT_TRUE(take(3, "description.changed", local));
    EXPECT_TRUE(take(4, "description.forgotten", local));
    EXPECT_TRUE(take(5, "command.outcome", outcome("succeeded")));
    EXPECT_EQ(times({"resource.drifted", "agent.blind", "description.forgotten"}),
              std::set<std::string>{happened_});
    EXPECT_TRUE(times({"command.changed", "description.changed"}).contains(happened_));
    EXPECT_GE(command(made_.id).finished_at, before);  // by our clock, as created_at
    // A gap is found here, and now.
    EXPECT_TRUE(take(9, "agent.blind", json::Object{}, 5));
    EXPECT_GE(*times({"agent.shed"}).begin(), before);
}

TEST_F(ReportTest, AHostsClockThatIsAheadTellsNothingOfTheFuture) {
    const std::string before = now_rfc3339();
    json::Value ahead = seen("drifted", generation_);
    happened_ = "2999-01-01T00:00:00Z";
    ahead.as_object().find("compliance")->as_object().set("since", happened_);
    EXPECT_TRUE(take(1, "resource.drifted", ahead));
    json::Value end = outcome("succeeded");
    first_entry(end).set("compliance", ahead["compliance"]);
    EXPECT_TRUE(take(2, "command.outcome", end));
    for (const std::string& time :
         {*times({"resource.drifted"}).begin(), *times({"command.changed"}).rbegin(),
          resource("/a")->observed_at, resource("/a")->compliance.since}) {
        EXPECT_GE(time, before);
        EXPECT_LE(time, now_rfc3339());
    }
}

TEST_F(ReportTest, ARepeatedEventChangesAndTellsNothing) {
    EXPECT_EQ(*take(1, "resource.drifted", seen("drifted", generation_)), ReceiveResult::fresh);
    const auto types = event_types();
    EXPECT_EQ(*take(1, "resource.drifted", seen("drifted", generation_)), ReceiveResult::repeated);
    EXPECT_EQ(event_types(), types);
}

TEST_F(ReportTest, AGapIsRecordedWithItsNumbers) {
    EXPECT_EQ(*take(1, "resource.drifted", seen("drifted", generation_)), ReceiveResult::fresh);
    EXPECT_EQ(*take(5, "resource.restored", seen("compliant", generation_), 1),
              ReceiveResult::fresh);
    const json::Value shed = last_event("agent.shed");
    EXPECT_EQ(shed.integer_or("from"), 2);
    EXPECT_EQ(shed.integer_or("to"), 4);
    EXPECT_EQ(shed.integer_or("count"), 3);
    EXPECT_EQ(shed.string_or("reason"), "lost");
    EXPECT_EQ(read().hosts().event_mark(host_)->seq, 5U);
}

TEST_F(ReportTest, AnAgentsOwnShedEventLeavesNoSecondGap) {
    EXPECT_EQ(*take(4, "agent.shed",
                    json::Object{{"from", 1}, {"to", 4}, {"count", 4}, {"reason", "outbox_full"}}),
              ReceiveResult::fresh);
    const auto types = event_types();
    EXPECT_EQ(std::count(types.begin(), types.end(), "agent.shed"), 1);
    EXPECT_EQ(last_event("agent.shed").string_or("reason"), "outbox_full");
}

TEST_F(ReportTest, AnEventBehindOneThatFailedIsNotTakenAsAGap) {
    EXPECT_EQ(take(3, "resource.drifted", seen("drifted", generation_), 2).error().code,
              Errc::busy);
    EXPECT_EQ(read().hosts().event_mark(host_)->seq, 0U);
}

TEST_F(ReportTest, AnEventThatDoesNotReadTakesItsNumberAndSaysSo) {
    EXPECT_EQ(*take(1, "resource.drifted", json::Object{{"collection", "../"}}),
              ReceiveResult::unfit);
    EXPECT_EQ(last_event("agent.shed").string_or("reason"), "invalid");
    EXPECT_EQ(read().hosts().event_mark(host_)->seq, 1U);
}

TEST_F(ReportTest, AnEventOfAnotherStreamIsRefused) {
    const wire::Event event{"stream_other", 1, wire::EventKind::agent_blind, "", json::Object{}};
    const ReportContext context{&protector_, &schemas_, state_->stream()};
    EXPECT_EQ(try_change([&](state::Edit& edit) -> Result<void> {
                  EK_CHECK(take_event(edit, context, host_, event, 0));
                  return {};
              })
                  .error()
                  .code,
              Errc::conflict);
}

TEST_F(ReportTest, AReportAboutAnOlderDescriptionIsToldButNotBelieved) {
    EXPECT_EQ(*take(1, "resource.drifted", seen("drifted", {"stream_old", 1})),
              ReceiveResult::fresh);
    EXPECT_EQ(resource("/a")->compliance.reason, "pending");
    EXPECT_EQ(event_types().back(), "resource.drifted");
}

TEST_F(ReportTest, WhatIsOnlyObservedIsNoNews) {
    const auto before = event_types();
    EXPECT_EQ(*take(1, "resource.observed", seen("compliant", generation_)), ReceiveResult::fresh);
    EXPECT_EQ(resource("/a")->compliance.status, wire::Verdict::compliant);
    EXPECT_EQ(event_types(), before);
}

TEST_F(ReportTest, AnOutcomeEndsTheCommandAndSaysHowThingsAre) {
    EXPECT_EQ(*take(1, "command.outcome", outcome("succeeded")), ReceiveResult::fresh);
    EXPECT_EQ(command(made_.id).state, CommandState::succeeded);
    EXPECT_FALSE(command(made_.id).finished_at.empty());
    EXPECT_EQ(command(made_.id).resources[0].outcome, wire::Outcome::done);
    EXPECT_EQ(resource("/a")->compliance.status, wire::Verdict::compliant);
    EXPECT_EQ(resource("/a")->state.integer_or("size"), 1);
    EXPECT_FALSE(*read().commands().has_unfinished(host_));
}

TEST_F(ReportTest, TheNotesOfAnOutcomeAreKept) {
    json::Value end = outcome("succeeded");
    first_entry(end).set("notes", json::Array{"no user bob"});
    EXPECT_TRUE(take(1, "command.outcome", end));
    EXPECT_EQ(command(made_.id).resources[0].notes, std::vector<std::string>{"no user bob"});
    EXPECT_EQ(last_event("command.changed")["resources"].as_array()[0]["notes"],
              json::Value(json::Array{"no user bob"}));
}

TEST_F(ReportTest, WhatProgramsPrintedIsInTheCommandAndNotInItsEvents) {
    json::Value end = outcome("succeeded");
    first_entry(end).set("output",
                         json::Object{{"text", "all well\n"}, {"bytes", 9}, {"cut", false}});
    EXPECT_TRUE(take(1, "command.outcome", end));
    const auto output = command(made_.id).resources[0].output;
    ASSERT_TRUE(output);
    EXPECT_EQ(output->text, "all well\n");
    EXPECT_EQ(output->bytes, 9U);
    EXPECT_EQ(last_event("command.changed")["resources"].as_array()[0].find("output"), nullptr);
    EXPECT_NE(state::show(command(made_.id))["resources"].as_array()[0].find("output"), nullptr);
}

TEST_F(ReportTest, AHostThatHasToBeBootedSaysSoAmongItsFacts) {
    json::Value end = outcome("succeeded");
    first_entry(end).set("changes", json::Array{json::Object{{"path", "/content"},
                                                             {"before", "a"},
                                                             {"after", "b"},
                                                             {"action", "set"},
                                                             {"outcome", "done"},
                                                             {"needs", "reboot"}}});
    EXPECT_TRUE(take(1, "command.outcome", end));
    const json::Value required = read().hosts().find(host_).value()->facts["reboot_required"];
    EXPECT_FALSE(required.string_or("since").empty());
    EXPECT_EQ(required["resources"],
              json::Value(json::Array{json::Object{{"collection", "files"}, {"id", "/a"}}}));
    EXPECT_EQ(last_event("host.changed")["facts"]["reboot_required"], required);
}

TEST_F(ReportTest, AnOutcomeThatDoesNotReadEndsTheCommandFailedWithTheCause) {
    json::Value data = outcome("succeeded");
    data.as_object().set("state", nullptr);
    EXPECT_EQ(*take(1, "command.outcome", data), ReceiveResult::unfit);
    const state::Command ended = command(made_.id);
    EXPECT_EQ(ended.state, CommandState::failed);
    ASSERT_TRUE(ended.error);
    EXPECT_NE(ended.error->what.find("cannot be read"), std::string::npos) << ended.error->what;
    EXPECT_FALSE(ended.finished_at.empty());
    EXPECT_FALSE(*read().commands().has_unfinished(host_));
    // How the resource is, nobody has told.
    EXPECT_EQ(resource("/a")->compliance.status, wire::Verdict::unknown);
    EXPECT_EQ(resource("/a")->compliance.reason, "not_checked");
}

TEST_F(ReportTest, AnOutcomeThatDoesNotReadLeavesACommandAloneThatHasEnded) {
    EXPECT_EQ(*take(1, "command.outcome", outcome("succeeded")), ReceiveResult::fresh);
    EXPECT_EQ(*take(2, "command.outcome", outcome("nonesuch")), ReceiveResult::unfit);
    EXPECT_EQ(command(made_.id).state, CommandState::succeeded);
}

TEST_F(ReportTest, ALateOutcomeOfAnExpiredCommandKeepsItExpiredButIsBelieved) {
    change([&](state::Edit& edit) -> Result<void> {
        EK_CHECK(advance(edit, made_.id, Transition::expired));
        return {};
    });
    EXPECT_EQ(*take(1, "command.outcome", outcome("succeeded")), ReceiveResult::fresh);
    EXPECT_EQ(command(made_.id).state, CommandState::expired);
    EXPECT_EQ(resource("/a")->compliance.status, wire::Verdict::compliant);
}

TEST_F(ReportTest, ARemovedResourceIsGoneWithItsOutcome) {
    change([&](state::Edit& edit) -> Result<void> {
        made_ =
            EK_TRY(remove(edit, protector_, {.host = host_, .request_id = ""}, {"files", "/a"}));
        return {};
    });
    generation_ = resource("/a")->generation;
    EXPECT_EQ(*take(1, "command.outcome", outcome("succeeded")), ReceiveResult::fresh);
    EXPECT_FALSE(resource("/a"));
    EXPECT_EQ(last_event("description.forgotten").string_or("reason"), "removed");
}

TEST_F(ReportTest, ARemovalThatOnlyPlannedDropsTheDescriptionAsTheHostDid) {
    change([&](state::Edit& edit) -> Result<void> {
        made_ =
            EK_TRY(remove(edit, protector_, {.host = host_, .request_id = ""}, {"files", "/a"}));
        return {};
    });
    generation_ = resource("/a")->generation;
    EXPECT_EQ(*take(1, "command.outcome", outcome("succeeded", "planned")), ReceiveResult::fresh);
    EXPECT_FALSE(resource("/a"));
    // It is not gone from the host.
    EXPECT_EQ(last_event("description.forgotten").string_or("reason"), "request");
}

TEST_F(ReportTest, AFailedRemovalKeepsTheResource) {
    change([&](state::Edit& edit) -> Result<void> {
        made_ =
            EK_TRY(remove(edit, protector_, {.host = host_, .request_id = ""}, {"files", "/a"}));
        return {};
    });
    generation_ = resource("/a")->generation;
    EXPECT_EQ(*take(1, "command.outcome", outcome("failed", "failed")), ReceiveResult::fresh);
    EXPECT_TRUE(resource("/a"));
}

TEST_F(ReportTest, AnotherHostsCommandIsNotTouched) {
    const std::string mine = host_;
    host_ = "host_0192f0c1-0000-7000-8000-000000000002";
    add_host("web2");
    EXPECT_EQ(*take(1, "command.outcome", outcome("succeeded")), ReceiveResult::unfit);
    host_ = mine;
    EXPECT_EQ(command(made_.id).state, CommandState::queued);
}

TEST_F(ReportTest, ALocalDescriptionIsShownAndGivesWayToOurs) {
    const auto local = [&](const std::string& id) {
        return json::Object{{"collection", "files"},
                            {"id", id},
                            {"description", json::Object{{"content", "local"}}},
                            {"policy", "report"},
                            {"generation", nullptr},
                            {"origin", "local"},
                            {"reason", "local"},
                            {"compliance", verdict("compliant")},
                            {"state", json::Object{}}};
    };
    EXPECT_EQ(*take(1, "description.changed", local("/l")), ReceiveResult::fresh);
    ASSERT_TRUE(resource("/l"));
    EXPECT_EQ(resource("/l")->origin, wire::Origin::local);
    EXPECT_EQ(*take(2, "description.changed", local("/a")), ReceiveResult::fresh);
    EXPECT_EQ(resource("/a")->origin, wire::Origin::orchestrator);
    // Told again, as after each full report, it fills no history.
    EXPECT_EQ(*take(3, "description.changed", local("/l")), ReceiveResult::fresh);
    EXPECT_TRUE(read().bodies().history(host_, {"files", "/l"}).value().empty());
}

TEST_F(ReportTest, ADescriptionKnowsThatItsCommandSucceededAlsoInTheHistory) {
    const wire::Ref ref{"files", "/a"};
    const auto has_succeeded = [&](std::uint64_t body) {
        return read().bodies().has_succeeded(host_, ref, body).value();
    };
    const auto describe_again = [&](const char* text) {
        change([&](state::Edit& edit) -> Result<void> {
            DescriptionRequest request;
            request.ref = ref;
            request.description = json::Object{{"content", text}};
            made_ =
                EK_TRY(describe(edit, protector_, {.host = host_, .request_id = ""}, {request}));
            return {};
        });
        generation_ = resource("/a")->generation;
        return resource("/a")->body;
    };
    const std::uint64_t good = resource("/a")->body;
    EXPECT_FALSE(has_succeeded(good));
    ASSERT_TRUE(take(1, "command.outcome", outcome("succeeded")));
    EXPECT_TRUE(has_succeeded(good));
    const std::uint64_t bad = describe_again("y");
    ASSERT_TRUE(take(2, "command.outcome", outcome("failed", "failed")));
    EXPECT_FALSE(has_succeeded(bad));
    // It is former when its command ends.
    const std::uint64_t late = describe_again("z");
    change([&](state::Edit& edit) -> Result<void> {
        EK_CHECK(advance(edit, made_.id, Transition::accepted));
        return {};
    });
    const json::Value ended = outcome("succeeded");
    describe_again("w");
    ASSERT_TRUE(take(3, "command.outcome", ended));
    EXPECT_TRUE(has_succeeded(late));
    EXPECT_TRUE(has_succeeded(good));
    EXPECT_FALSE(has_succeeded(bad));
    EXPECT_EQ(read().bodies().history(host_, ref).value(),
              (std::vector<std::uint64_t>{late, bad, good}));
}

// After a restore: what the host was told by the orchestrator that was lost.
class HandUp : public ReportTest {
  protected:
    void SetUp() override {
        ReportTest::SetUp();
        stream_ = state_->stream();
        stream_->predecessor = "stream_before";
        stream_->predecessor_end = 100;
    }
    json::Value handed(const std::string& id, std::uint64_t revision) {
        return json::Object{
            {"collection", "files"},
            {"id", id},
            {"description", json::Object{{"content", "new"}}},
            {"policy", "enforce"},
            {"generation", json::Object{{"stream", "stream_before"}, {"revision", revision}}},
            {"origin", "orchestrator"},
            {"reason", "restored"},
            {"compliance", verdict("compliant")},
            {"state", json::Object{}}};
    }
};

TEST_F(HandUp, WhatIsNewerThanTheBackupIsAdoptedWithItsGeneration) {
    EXPECT_EQ(*take(1, "description.changed", handed("/n", 101)), ReceiveResult::fresh);
    ASSERT_TRUE(resource("/n"));
    EXPECT_EQ(resource("/n")->generation, (wire::Generation{"stream_before", 101}));
    EXPECT_EQ(resource("/n")->policy, wire::Policy::enforce);
    EXPECT_EQ(last_event("description.changed").string_or("reason"), "restored");
}

TEST_F(HandUp, WhatTheBackupKnowsIsNotAdopted) {
    EXPECT_EQ(*take(1, "description.changed", handed("/n", 100)), ReceiveResult::fresh);
    EXPECT_FALSE(resource("/n"));
}

TEST_F(HandUp, WhatWasDescribedAnewSinceTheRestoreStays) {
    EXPECT_EQ(*take(1, "description.changed", handed("/a", 101)), ReceiveResult::fresh);
    EXPECT_EQ(resource("/a")->generation, generation_);
}

TEST_F(HandUp, WhatIsAdoptedStaysOwnedAsInTheBackup) {
    change([&](state::Edit& edit) -> Result<void> {
        state::Resource old = *resource("/a");
        old.ref.id = "/old";
        old.generation = {"stream_before", 50};
        old.owners = {{.assignment = "web", .application = "nginx", .version = 3}};
        old.overrides = true;
        return edit.resources().put(host_, nullptr, old);
    });
    EXPECT_EQ(*take(1, "description.changed", handed("/old", 101)), ReceiveResult::fresh);
    EXPECT_EQ(resource("/old")->generation, (wire::Generation{"stream_before", 101}));
    ASSERT_EQ(resource("/old")->owners.size(), 1U);
    EXPECT_EQ(resource("/old")->owners[0].assignment, "web");
    EXPECT_TRUE(resource("/old")->overrides);
}

class HandUpOfOwned : public HandUp {
  protected:
    // The backup was made between an edit and its release.
    void SetUp() override {
        HandUp::SetUp();
        change([&](state::Edit& edit) -> Result<void> {
            state::Resource old = *resource("/a");
            old.ref.id = "/old";
            old.generation = {"stream_before", 50};
            old.owners = {{.assignment = "web", .application = "nginx", .version = 3}};
            EK_CHECK(edit.to_compile().put(host_, {state::kModelChanged, state::kModelEdited}));
            return edit.resources().put(host_, nullptr, old);
        });
    }
    void expect_held() {
        EXPECT_EQ((*read().wanted().find(host_))->status, state::WantedStatus::held);
        EXPECT_FALSE((*read().to_compile().find(host_))->changed.contains(state::kModelEdited));
    }
};

TEST_F(HandUpOfOwned, TheHostIsHeldAlsoFromWhatWasEditedBefore) {
    EXPECT_EQ(*take(1, "description.changed", handed("/old", 101)), ReceiveResult::fresh);
    expect_held();
}

TEST_F(HandUpOfOwned, SoItIsWhenTheHostHasForgottenIt) {
    json::Value data = handed("/old", 101);
    EXPECT_EQ(*take(1, "description.forgotten", data), ReceiveResult::fresh);
    EXPECT_FALSE(resource("/old"));
    expect_held();
}

TEST_F(HandUp, ADeletionAfterTheBackupIsAdopted) {
    change([&](state::Edit& edit) -> Result<void> {
        state::Resource old = *resource("/a");
        old.ref.id = "/old";
        old.generation = {"stream_before", 50};
        return edit.resources().put(host_, nullptr, old);
    });
    EXPECT_EQ(*take(1, "description.forgotten", handed("/old", 101)), ReceiveResult::fresh);
    EXPECT_FALSE(resource("/old"));
}

TEST_F(HandUp, TheGapOfARestoreIsExplainedAsOne) {
    change([&](state::Edit& edit) {
        return edit.hosts().put_event_mark(host_, {kStream, 10, "stream_before"});
    });
    EXPECT_EQ(*take(20, "agent.blind", json::Object{}), ReceiveResult::fresh);
    EXPECT_EQ(last_event("agent.shed").string_or("reason"), "orchestrator_restored");
}

TEST_F(ReportTest, AnActionThatAChangeMadeDueJoinsTheCommandAndLeavesTheResourceAlone) {
    json::Value data = outcome("failed");
    data.as_object()
        .find("resources")
        ->as_array()
        .push_back(json::Object{{"collection", "files"},
                                {"id", "/a"},
                                {"action", "restart"},
                                {"generation", wire::encode(generation_)},
                                {"outcome", "failed"},
                                {"changes", json::Array{}},
                                {"error", json::Object{{"code", "unavailable"}, {"detail", "no"}}},
                                {"state", nullptr},
                                {"compliance", nullptr}});
    EXPECT_EQ(*take(1, "command.outcome", data), ReceiveResult::fresh);
    const state::Command ended = command(made_.id);
    ASSERT_EQ(ended.resources.size(), 2U);
    EXPECT_EQ(ended.resources[0].outcome, wire::Outcome::done);
    EXPECT_EQ(ended.resources[1].action, "restart");
    EXPECT_EQ(ended.resources[1].error->what, "no");
    EXPECT_EQ(resource("/a")->compliance.status, wire::Verdict::compliant);
    EXPECT_FALSE(resource("/a")->state.is_null());
}

TEST_F(ReportTest, AnActionAfterARepairIsTold) {
    const json::Value report =
        json::Object{{"collection", "services"},
                     {"id", "x"},
                     {"action", "restart"},
                     {"sources", json::Array{json::Object{{"collection", "files"}, {"id", "/a"}}}},
                     {"error", nullptr}};
    EXPECT_EQ(*take(1, "resource.notified", report), ReceiveResult::fresh);
    const json::Value event = last_event("resource.notified");
    EXPECT_EQ(event.string_or("action"), "restart");
    EXPECT_EQ(event["sources"], report["sources"]);
    EXPECT_EQ(*take(2, "resource.notified", json::Object{{"collection", "x"}}),
              ReceiveResult::unfit);
}

TEST_F(ReportTest, ALocalDescriptionKeepsItsTies) {
    json::Value report = seen("compliant", {});
    report.as_object().set("id", "/local");
    report.as_object().set("description", json::Object{{"mode", "0644"}});
    report.as_object().set("origin", "local");
    report.as_object().set("reason", "local");
    report.as_object().set("requires",
                           json::Array{json::Object{{"collection", "files"}, {"id", "/a"}}});
    EXPECT_EQ(*take(1, "description.changed", report), ReceiveResult::fresh);
    EXPECT_EQ(resource("/local")->relations.required, (std::vector<wire::Ref>{{"files", "/a"}}));
}

}  // namespace
}  // namespace evenkeel::commands
