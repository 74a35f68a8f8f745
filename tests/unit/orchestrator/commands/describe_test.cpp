#include "orchestrator/commands/describe.hpp"

#include "core/json/counters.hpp"
#include "core/store/env.hpp"
#include "core/wire/message.hpp"
#include "orchestrator/commands/resync.hpp"
#include "tests/unit/orchestrator/fixture.hpp"

namespace evenkeel::commands {
namespace {

using state::CommandState;

class DescribeTest : public test::StateTest {
  protected:
    state::Command put(const std::string& id, json::Value description,
                       wire::Policy policy = wire::Policy::report) {
        state::Command made;
        DescriptionRequest request;
        request.ref = {"files", id};
        request.description = std::move(description);
        request.policy = policy;
        request.schema = schema_;
        change([&](state::Edit& edit) -> Result<void> {
            made =
                EK_TRY(describe(edit, protector_, {.host = host_, .request_id = "r"}, {request}));
            return {};
        });
        return made;
    }
    state::Command drop(const std::string& id) {
        state::Command made;
        change([&](state::Edit& edit) -> Result<void> {
            made =
                EK_TRY(remove(edit, protector_, {.host = host_, .request_id = ""}, {"files", id}));
            return {};
        });
        return made;
    }
    void accept(const std::string& id) {
        change([&](state::Edit& edit) -> Result<void> {
            EK_CHECK(advance(edit, id, Transition::accepted));
            return {};
        });
    }
    // The first entry of a command as the agent gets it.
    wire::ResourceRequest sent(const std::string& id) {
        const auto view = read();
        return to_wire(**view.commands().find(id), view, protector_, "s")->resources.at(0);
    }
    json::Value said(const std::string& text) { return json::Object{{"content", text}}; }
};

TEST_F(DescribeTest, APutStoresTheDescriptionItsEventAndItsCommandTogether) {
    const state::Command made = put("/a", said("x"), wire::Policy::enforce);
    const auto stored = resource("/a");
    ASSERT_TRUE(stored);
    EXPECT_EQ(stored->generation.stream, state_->stream().id);
    EXPECT_EQ(stored->generation.revision, stored->revision);
    EXPECT_EQ(stored->compliance.reason, "pending");
    EXPECT_EQ(made.resources[0].generation, stored->generation);
    EXPECT_EQ(event_types(), (std::vector<std::string>{"description.changed", "command.changed"}));
    EXPECT_EQ(last_event("description.changed")["generation"].integer_or("revision"),
              static_cast<std::int64_t>(stored->revision));
}

TEST_F(DescribeTest, TheSameAgainKeepsItsGenerationAndIsAppliedAgain) {
    const state::Command first = put("/a", said("x"));
    accept(first.id);
    const state::Command second = put("/a", said("x"));
    EXPECT_NE(first.id, second.id);
    EXPECT_EQ(first.resources[0].generation, second.resources[0].generation);
    const state::Command third = put("/a", said("x"), wire::Policy::enforce);
    EXPECT_NE(third.resources[0].generation, second.resources[0].generation);
}

TEST_F(DescribeTest, TheSameAgainHealsADescriptionWhoseBodyIsGone) {
    put("/a", said("x"));
    const std::uint64_t lost = resource("/a")->body;
    change([&](state::Edit& edit) { return edit.bodies().erase(lost); });
    const state::Command made = put("/a", said("x"));
    EXPECT_NE(resource("/a")->body, lost);
    EXPECT_EQ(sent(made.id).description, said("x"));
}

TEST_F(DescribeTest, TheLastTwentyDescriptionsAreKept) {
    std::vector<std::uint64_t> bodies;
    const auto finish = [&](const state::Command& made) {
        change([&](state::Edit& edit) -> Result<void> {
            EK_CHECK(advance(edit, made.id, Transition::succeeded));
            return {};
        });
    };
    state::Command first;
    for (int number = 0; number < 25; ++number) {
        const state::Command made = put("/a", said(std::to_string(number)));
        bodies.push_back(resource("/a")->body);
        // The host may still ask for the first one.
        if (number == 0) accept((first = made).id);
        else finish(made);
    }
    const auto former = read().bodies().history(host_, {"files", "/a"}).value();
    EXPECT_EQ(former, std::vector<std::uint64_t>(bodies.rbegin() + 1, bodies.rbegin() + 20));
    EXPECT_EQ(description(former.back(), "/a"), said("5"));
    EXPECT_LT(read().bodies().bytes(former.back()).value(), 500U) << "see docs/store.md";
    EXPECT_TRUE(read().bodies().get(bodies[0])) << "a command brings it";
    EXPECT_FALSE(read().bodies().get(bodies[1]));
    EXPECT_FALSE(read().bodies().get(bodies[4]));
    finish(first);
    EXPECT_FALSE(read().bodies().get(bodies[0]));

    put("/a", said("24"));
    EXPECT_EQ(read().bodies().history(host_, {"files", "/a"}).value(), former) << "nothing new";
    change([&](state::Edit& edit) -> Result<void> {
        EK_CHECK(forget(edit, {.host = host_, .request_id = ""}, {"files", "/a"}));
        return {};
    });
    EXPECT_TRUE(read().bodies().history(host_, {"files", "/a"}).value().empty());
    EXPECT_FALSE(read().bodies().get(former.front()));
    EXPECT_FALSE(read().bodies().get(former.back()));
}

TEST_F(DescribeTest, OfTwoRequestsMadeOfOneDescriptionTheSecondIsRefused) {
    put("/a", said("1"));
    put("/a", said("2"));
    const std::uint64_t present = resource("/a")->body;
    const auto roll_back = [&] {
        return try_change([&](state::Edit& edit) -> Result<void> {
            DescriptionRequest request;
            request.ref = {"files", "/a"};
            request.description = said("1");
            request.schema = schema_;
            const Guard guard = [&](const std::optional<state::Resource>& there) {
                return require_description(there, present);
            };
            EK_CHECK(describe(edit, protector_, {.host = host_, .request_id = "r", .guard = guard},
                              {request}));
            return {};
        });
    };
    EXPECT_TRUE(roll_back());
    const std::uint64_t after = resource("/a")->body;
    const auto second = roll_back();
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Errc::conflict);
    EXPECT_EQ(resource("/a")->body, after);
    EXPECT_FALSE(require_description(std::nullopt, present)) << "it may be gone";
}

TEST_F(DescribeTest, WhatAProgramWithoutHistoryHasLeftBehindGoes) {
    put("/a", said("1"));
    const std::uint64_t first = resource("/a")->body;
    put("/a", said("2"));
    // It drops the resource and its own holder alone.
    state_.reset();
    {
        auto env = *store::Env::open(folder_ / "store", state::store_options());
        auto txn = *env.write();
        std::string holder;
        ASSERT_TRUE(txn.scan(env.table("holders"), store::Range::all(),
                             [&](std::string_view key, std::string_view) {
                                 if (key.ends_with('r') && key.size() < 90) holder = key;
                                 return true;
                             }));
        ASSERT_TRUE(txn.erase(env.table("holders"), holder));
        ASSERT_TRUE(txn.commit());
    }
    open();
    put("/a", said("3"));
    EXPECT_TRUE(read().bodies().history(host_, {"files", "/a"}).value().empty());
    EXPECT_FALSE(read().bodies().get(first));
}

TEST_F(DescribeTest, ANewerDescriptionSupersedesOneThatStillWaits) {
    const state::Command waiting = put("/a", said("1"));
    put("/b", said("other"));
    put("/a", said("2"));
    EXPECT_EQ(command(waiting.id).state, CommandState::superseded);
    EXPECT_EQ(read().commands().queued(host_, 0, 10)->size(), 2U);
}

TEST_F(DescribeTest, WhatTheAgentHasIsNotTakenBack) {
    const state::Command sent = put("/a", said("1"));
    accept(sent.id);
    put("/a", said("2"));
    EXPECT_EQ(command(sent.id).state, CommandState::sent);
}

TEST_F(DescribeTest, ADeletedResourceIsShownAbsentUntilItIsGone) {
    put("/a", said("x"));
    const state::Command made = drop("/a");
    EXPECT_EQ(made.verb, wire::Verb::remove);
    const auto stored = resource("/a");
    ASSERT_TRUE(stored && stored->removing);
    EXPECT_EQ(description(stored->body, "/a").string_or("ensure"), "absent");
}

TEST_F(DescribeTest, DeletingWhatIsNotDescribedIsNotFound) {
    const auto done = try_change([&](state::Edit& edit) -> Result<void> {
        EK_CHECK(remove(edit, protector_, {.host = host_, .request_id = ""}, {"files", "/none"}));
        return {};
    });
    EXPECT_EQ(done.error().code, Errc::not_found);
}

TEST_F(DescribeTest, AForgottenDescriptionIsGoneAtOnce) {
    put("/a", said("x"));
    change([&](state::Edit& edit) -> Result<void> {
        EK_CHECK(forget(edit, {.host = host_, .request_id = ""}, {"files", "/a"}));
        return {};
    });
    EXPECT_FALSE(resource("/a"));
    EXPECT_EQ(last_event("description.forgotten").string_or("reason"), "request");
}

TEST_F(DescribeTest, SecretsAreNeitherInTheStoreNorInTheQueue) {
    const state::Command made = put("/a", json::Object{{"password", "tiger"}});
    const state::Body body = *read().bodies().get(resource("/a")->body);
    EXPECT_EQ(state::encode(body).take().find("tiger"), std::string::npos);
    EXPECT_EQ(sent(made.id).description.string_or("password"), "tiger");
}

TEST_F(DescribeTest, AGuardThatSaysNoLeavesNothingBehind) {
    const Requester guarded{.host = host_, .request_id = "", .guard = [](const auto&) {
                                return Result<void>(fail(Errc::conflict, "no"));
                            }};
    DescriptionRequest request;
    request.ref = {"files", "/a"};
    request.description = said("x");
    const auto done = try_change([&](state::Edit& edit) -> Result<void> {
        EK_CHECK(describe(edit, protector_, guarded, {request}));
        return {};
    });
    EXPECT_EQ(done.error().what, "no");
    EXPECT_FALSE(resource("/a"));
    EXPECT_TRUE(event_types().empty());
}

TEST_F(DescribeTest, ACancelledCommandThatWaitsEndsAtOnceAndOneThatWasSentIsAskedToStop) {
    const state::Command waits = put("/a", said("x"));
    const state::Command sent = put("/b", said("x"));
    accept(sent.id);
    change([&](state::Edit& edit) -> Result<void> {
        EK_CHECK(cancel(edit, waits.id, false));
        EK_CHECK(cancel(edit, sent.id, true));
        return {};
    });
    EXPECT_EQ(command(waits.id).state, CommandState::cancelled);
    EXPECT_EQ(command(sent.id).state, CommandState::sent);
    EXPECT_TRUE(command(sent.id).cancelling);
    EXPECT_EQ(try_change([&](state::Edit& edit) -> Result<void> {
                  EK_CHECK(cancel(edit, waits.id, false));
                  return {};
              })
                  .error()
                  .code,
              Errc::conflict);
}

TEST_F(DescribeTest, WhatALostStoreDoesNotHaveGoesOutAgainButNotAnAction) {
    const state::Command apply = put("/a", said("x"));
    state::Command action;
    change([&](state::Edit& edit) -> Result<void> {
        action = EK_TRY(invoke(edit, protector_, {.host = host_, .request_id = ""}, {"files", "/a"},
                               "touch", nullptr));
        return {};
    });
    accept(apply.id);
    accept(action.id);
    change([&](state::Edit& edit) { return requeue(edit, host_, {"", 0}); });
    EXPECT_EQ(command(apply.id).state, CommandState::queued);
    EXPECT_EQ(command(action.id).state, CommandState::interrupted);
}

TEST_F(DescribeTest, WhatTheAgentsMarkCoversStaysSent) {
    const state::Command apply = put("/a", said("x"));
    accept(apply.id);
    change([&](state::Edit& edit) { return requeue(edit, host_, {edit.stream(), apply.seq}); });
    EXPECT_EQ(command(apply.id).state, CommandState::sent);
}

TEST_F(DescribeTest, OnlyTheDifferenceIsSentAgain) {
    for (const char* id : {"/same", "/old", "/missing"}) {
        const state::Command made = put(id, said(id));
        change([&](state::Edit& edit) -> Result<void> {
            EK_CHECK(advance(edit, made.id, Transition::succeeded));
            return {};
        });
    }
    const std::vector<wire::InventoryItem> inventory = {
        {{"files", "/same"}, resource("/same")->generation},
        {{"files", "/old"}, {state_->stream().id, 1}},
        {{"files", "/unknown"}, {state_->stream().id, 2}}};
    std::size_t made = 0;
    change([&](state::Edit& edit) -> Result<void> {
        made = EK_TRY(repair(edit, host_, inventory));
        return {};
    });
    EXPECT_EQ(made, 2U);
    const auto queue = *read().commands().queued(host_, 0, 10);
    ASSERT_EQ(queue.size(), 2U);
    EXPECT_EQ(queue[0].verb, wire::Verb::apply);
    ASSERT_EQ(queue[0].resources.size(), 2U);
    EXPECT_EQ(queue[0].resources[0].ref.id, "/missing");
    EXPECT_EQ(queue[0].resources[1].ref.id, "/old");
    EXPECT_EQ(queue[1].verb, wire::Verb::forget);
    EXPECT_EQ(queue[1].resources[0].ref.id, "/unknown");
}

TEST_F(DescribeTest, AResyncReadsNoRecordOfWhatIsTheSame) {
    const auto parses = [&](int more) {
        std::vector<wire::InventoryItem> inventory;
        for (int i = 0; i < more; ++i) {
            const std::string id = "/same" + std::to_string(i);
            if (!resource(id)) put(id, said("x"));
            inventory.push_back({{"files", id}, resource(id)->generation});
        }
        change([&](state::Edit& edit) -> Result<void> { return end_all(edit, host_, Error{}); });
        const json::Counters before = json::counters();
        change([&](state::Edit& edit) -> Result<void> {
            EXPECT_EQ(EK_TRY(repair(edit, host_, inventory)), 0U);
            return {};
        });
        return (json::counters() - before).parses;
    };
    EXPECT_EQ(parses(2), 0U);
    EXPECT_EQ(parses(40), 0U);
}

TEST_F(DescribeTest, NothingIsComparedWhileCommandsAreUnderWay) {
    put("/a", said("x"));
    EXPECT_EQ(try_change([&](state::Edit& edit) -> Result<void> {
                  EK_CHECK(repair(edit, host_, {}));
                  return {};
              })
                  .error()
                  .code,
              Errc::conflict);
}

TEST_F(DescribeTest, RelationsAreStoredSentAndPartOfWhatIsDescribed) {
    put("/b", said("y"));
    put("/c", said("z"));
    DescriptionRequest request;
    request.ref = {"files", "/a"};
    request.description = said("x");
    request.relations = {{{"files", "/b"}}, {{{"files", "/c"}, "restart"}}};
    state::Command made;
    const auto ask = [&] {
        change([&](state::Edit& edit) -> Result<void> {
            made = EK_TRY(describe(edit, protector_, {.host = host_, .request_id = ""}, {request}));
            return {};
        });
    };
    ask();
    EXPECT_EQ(resource("/a")->relations, request.relations);
    EXPECT_EQ(sent(made.id).relations, request.relations);
    const auto first = resource("/a")->generation;
    ask();
    EXPECT_EQ(resource("/a")->generation, first);
    request.relations.notified.clear();
    ask();
    EXPECT_NE(resource("/a")->generation, first);
}

TEST_F(DescribeTest, ACycleThatTwoMadeAtTheSameTimeIsRefusedInTheTransaction) {
    DescriptionRequest a;
    a.ref = {"files", "/a"};
    a.description = said("x");
    a.relations.required = {{"files", "/b"}};
    DescriptionRequest b = a;
    b.ref = {"files", "/b"};
    b.relations.required = {{"files", "/a"}};
    const auto describe_one = [&](const DescriptionRequest& request) {
        return try_change([&](state::Edit& edit) -> Result<void> {
            EK_CHECK(describe(edit, protector_, {.host = host_, .request_id = ""}, {request}));
            return {};
        });
    };
    put("/b", said("y"));
    ASSERT_TRUE(describe_one(a));
    const auto refused = describe_one(b);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::conflict);
    EXPECT_TRUE(resource("/b")->relations.empty());
}

TEST_F(DescribeTest, AResyncSendsWhatIsRequiredFirstAndRemovesItLast) {
    for (const char* id : {"/a", "/b", "/c", "/d"}) put(id, said("x"));
    change([&](state::Edit& edit) -> Result<void> {
        const auto tie = [&](const char* from, const char* to) -> Result<void> {
            const auto before = EK_TRY(edit.resources().find(host_, {"files", from}));
            auto found = before;
            found->relations.required = {{"files", to}};
            found->removing = *from == '/' && (from[1] == 'c' || from[1] == 'd');
            return edit.resources().put(host_, &*before, *found);
        };
        EK_CHECK(tie("/a", "/b"));
        EK_CHECK(tie("/c", "/d"));
        EK_CHECK(tie("/d", "/nowhere"));
        return end_all(edit, host_, Error{});
    });
    change([&](state::Edit& edit) -> Result<void> {
        EK_CHECK(repair(edit, host_, {}));
        return {};
    });
    const auto waiting = *read().commands().queued(host_, 0, 10);
    ASSERT_EQ(waiting.size(), 2U);
    EXPECT_EQ(waiting[0].resources[0].ref.id + waiting[0].resources[1].ref.id, "/b/a");
    EXPECT_EQ(waiting[1].verb, wire::Verb::remove);
    EXPECT_EQ(waiting[1].resources[0].ref.id + waiting[1].resources[1].ref.id, "/c/d");
}

}  // namespace
}  // namespace evenkeel::commands
