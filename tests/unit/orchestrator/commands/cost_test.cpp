#include <algorithm>

#include "core/base/time.hpp"
#include "core/json/counters.hpp"
#include "core/store/counters.hpp"
#include "core/wire/message.hpp"
#include "orchestrator/commands/describe.hpp"
#include "orchestrator/commands/resync.hpp"
#include "tests/unit/orchestrator/fixture.hpp"

// What commands cost, counted: rows and JSON texts that are read and written. None of it may grow
// with what else is queued for the host.
namespace evenkeel::commands {
namespace {

struct Spent {
    store::Counters rows;
    json::Counters texts;
};

class CostTest : public test::StateTest {
  protected:
    Result<state::Command> put(state::Edit& edit, const std::string& id, const std::string& text) {
        DescriptionRequest request;
        request.ref = {"files", id};
        request.description = json::Object{{"content", text}};
        request.schema = schema_;
        return describe(edit, protector_, {.host = host_, .request_id = "r"}, {request});
    }
    // Puts so many different resources, each with a command that stays queued.
    void queue(const std::string& name, int count) {
        change([&](state::Edit& edit) -> Result<void> {
            for (int i = 0; i < count; ++i) {
                last_ = EK_TRY(put(edit, "/" + name + std::to_string(i), "x"));
            }
            return {};
        });
    }
    Spent spent(const state::State::Work& work) {
        const store::Counters rows = store::counters();
        const json::Counters texts = json::counters();
        change(work);
        return {store::counters() - rows, json::counters() - texts};
    }
    Spent spent_on_put(const std::string& id, const std::string& text) {
        return spent([&](state::Edit& edit) -> Result<void> {
            last_ = EK_TRY(put(edit, id, text));
            return {};
        });
    }
    Spent spent_on(Transition transition, const std::string& id) {
        return spent([&](state::Edit& edit) -> Result<void> {
            EK_CHECK(advance(edit, id, transition));
            return {};
        });
    }

    state::Command last_;
};

TEST_F(CostTest, CountingAcceptedCommandsReadsNoneOfTheirEntries) {
    std::vector<DescriptionRequest> requests;
    for (int i = 0; i < 500; ++i) {
        DescriptionRequest request;
        request.ref = {"files", "/many" + std::to_string(i)};
        request.description = json::Object{{"content", "x"}};
        requests.push_back(request);
    }
    change([&](state::Edit& edit) -> Result<void> {
        last_ = EK_TRY(describe(edit, protector_, {.host = host_, .request_id = "r"}, requests));
        EK_CHECK(advance(edit, last_.id, Transition::started));
        last_ = EK_TRY(put(edit, "/one", "x"));
        EK_CHECK(advance(edit, last_.id, Transition::accepted));
        return {};
    });
    const store::Counters rows = store::counters();
    const json::Counters texts = json::counters();
    const auto counts = read().commands().accepted_counts();
    EXPECT_EQ(*read().commands().state_of(last_.id), state::CommandState::sent);
    EXPECT_FALSE(*read().commands().state_of("cmd_none"));
    EXPECT_EQ((json::counters() - texts).parses, 0U);
    EXPECT_LT((store::counters() - rows).reads, 10U);
    ASSERT_TRUE(counts);
    EXPECT_EQ(*counts, (std::map<state::CommandState, std::size_t>{
                           {state::CommandState::sent, 1}, {state::CommandState::running, 1}}));
}

TEST_F(CostTest, APutDoesNotReadWhatElseIsQueued) {
    queue("few", 10);
    const Spent few = spent_on_put("/one", "x");
    queue("many", 1'990);
    const Spent many = spent_on_put("/two", "x");
    EXPECT_EQ(few.rows.reads, many.rows.reads);
    EXPECT_EQ(few.texts.parses, many.texts.parses);
    EXPECT_LT(many.rows.reads, 30U);
    // And one that replaces a queued command reads that one, and no more.
    const Spent again = spent_on_put("/many7", "y");
    EXPECT_LT(again.rows.reads, 50U);
    EXPECT_LT(again.texts.parses, 8U);
}

TEST_F(CostTest, AStepOfACommandWritesNothingOfItsDescription) {
    const std::string large(100'000, 'x');
    spent_on_put("/large", large);
    for (const Transition transition :
         {Transition::accepted, Transition::started, Transition::succeeded}) {
        const Spent step = spent_on(transition, last_.id);
        EXPECT_LT(step.texts.written_bytes, 5'000U);
        EXPECT_LT(step.texts.parsed_bytes, 5'000U);
    }
}

TEST_F(CostTest, ExpiryReadsWhatHasExpiredAndNothingElse) {
    queue("many", 2'000);
    const store::Counters before = store::counters();
    EXPECT_FALSE(*read().commands().any_overdue(now_unix_ms()));
    EXPECT_LE((store::counters() - before).reads, 1U);
    std::size_t ended = 0;
    const Spent none = spent([&](state::Edit& edit) -> Result<void> {
        ended = EK_TRY(expire(edit, now_unix_ms())).size();
        return {};
    });
    EXPECT_EQ(ended, 0U);
    EXPECT_LE(none.rows.reads, 1U);
    EXPECT_EQ(none.texts.parses, 0U);
}

TEST_F(CostTest, AHelloReadsWhatTheAgentHasLostAndNothingElse) {
    queue("many", 2'000);
    const state::Command first = (*read().commands().queued(host_, 0, 1)).front();
    spent_on(Transition::accepted, first.id);
    const Spent hello = spent([&](state::Edit& edit) {
        return requeue(edit, host_, {"stream_other", 0});
    });
    EXPECT_EQ(command(first.id).state, state::CommandState::queued);
    EXPECT_LT(hello.rows.reads, 15U);
    EXPECT_EQ(hello.texts.parses, 1U);
}

TEST_F(CostTest, WhatADigestIsOfIsReadWithoutParsingRecords) {
    queue("many", 500);
    spent_on_put("/plain", "x");
    store::Counters rows = store::counters();
    json::Counters texts = json::counters();
    auto inventory = *desired_inventory(read(), host_);
    EXPECT_EQ(inventory.size(), 501U);
    EXPECT_EQ((json::counters() - texts).parses, 0U);
    EXPECT_LT((store::counters() - rows).reads, 505U);
    for (const wire::InventoryItem& item : inventory) {
        EXPECT_EQ(item.generation, resource(item.ref.id)->generation);
        EXPECT_EQ(item.ref.collection, "files");
    }
    // An id with escapes is parsed, and no other.
    const std::string escaped = R"(/a"b\,"generation":{"stream":"s)";
    spent_on_put(escaped, "x");
    texts = json::counters();
    inventory = *desired_inventory(read(), host_);
    EXPECT_EQ((json::counters() - texts).parses, 1U);
    const auto found =
        std::find_if(inventory.begin(), inventory.end(),
                     [&](const wire::InventoryItem& item) { return item.ref.id == escaped; });
    ASSERT_NE(found, inventory.end());
    EXPECT_EQ(found->generation, resource(escaped)->generation);
}

TEST_F(CostTest, ADigestIsComparedWithoutReadingWhatIsDescribed) {
    queue("few", 2);
    const auto held = [&] { return wire::digest_of("s", *desired_inventory(read(), host_)); };
    const auto rows_of = [&](const wire::Digest& digest, bool expected) {
        const state::Snapshot now = read();
        const store::Counters before = store::counters();
        EXPECT_EQ(*agrees(now, host_, digest), expected);
        return (store::counters() - before).reads;
    };
    const wire::Digest few = held();
    EXPECT_EQ(rows_of(few, true), 1U);
    queue("many", 500);
    EXPECT_EQ(rows_of(few, false), 1U);
    EXPECT_EQ(rows_of(held(), true), 1U);
    // An agent from before the member is still compared, by all of its lines.
    wire::Digest old = held();
    old.xor_sha256.clear();
    EXPECT_GT(rows_of(old, true), 500U);
    old.sha256 = few.sha256;
    EXPECT_GT(rows_of(old, false), 500U);
    wire::Digest miscounted = held();
    ++miscounted.count;
    EXPECT_EQ(rows_of(miscounted, false), 1U);
}

TEST_F(CostTest, SomeExpireAndTheOthersStay) {
    queue("some", 3);
    const std::int64_t over = last_.expires_at_ms;
    std::vector<state::Command> ended;
    change([&](state::Edit& edit) -> Result<void> {
        ended = EK_TRY(expire(edit, over - std::chrono::milliseconds(kLifetime).count()));
        EXPECT_TRUE(ended.empty());
        ended = EK_TRY(expire(edit, over));
        return {};
    });
    EXPECT_EQ(ended.size(), 3U);
    EXPECT_EQ(command(last_.id).state, state::CommandState::expired);
    EXPECT_EQ(command(last_.id).error->code, Errc::timeout);
    EXPECT_FALSE(*read().commands().any_overdue(over));
    EXPECT_FALSE(*read().commands().has_unfinished(host_));
}

// Bodies stay as long as somebody holds them.
class BodyTest : public CostTest {
  protected:
    bool is_there(std::uint64_t body) { return read().bodies().get(body).has_value(); }
    std::uint64_t body_of(const std::string& id) { return resource(id)->body; }
    void end(Transition transition, const std::string& id) { spent_on(transition, id); }
    void forget_it(const std::string& id) {
        change([&](state::Edit& edit) -> Result<void> {
            EK_CHECK(forget(edit, {.host = host_, .request_id = ""}, {"files", id}));
            return {};
        });
    }
};

TEST_F(BodyTest, ACommandKeepsTheBodyThatItsResourceHasNoMore) {
    spent_on_put("/a", "1");
    const state::Command first = last_;
    const std::uint64_t body = body_of("/a");
    end(Transition::accepted, first.id);
    forget_it("/a");
    EXPECT_TRUE(is_there(body)) << "the agent has its command, which may have to go out again";
    end(Transition::succeeded, first.id);
    EXPECT_FALSE(is_there(body));
}

TEST_F(BodyTest, APutCostsTheSameWhateverTheHistoryIs) {
    for (int number = 0; number < 22; ++number) {
        spent_on_put("/a", std::to_string(number));
        end(Transition::succeeded, last_.id);
    }
    const Spent with_history = spent_on_put("/a", "x");
    end(Transition::succeeded, last_.id);
    for (int number = 0; number < 60; ++number) {
        spent_on_put("/a", std::to_string(number));
        end(Transition::succeeded, last_.id);
    }
    const Spent later = spent_on_put("/a", "y");
    EXPECT_EQ(later.rows.reads, with_history.rows.reads);
    EXPECT_EQ(later.texts.parses, with_history.texts.parses);
    EXPECT_LT(later.rows.reads, 120U);
}

TEST_F(BodyTest, TheResourceKeepsItsBodyWhenTheCommandsHaveEnded) {
    spent_on_put("/a", "1");
    const state::Command first = last_;
    end(Transition::accepted, first.id);
    spent_on_put("/a", "1");
    EXPECT_EQ(first.resources[0].body, last_.resources[0].body) << "it is the same description";
    end(Transition::failed, first.id);
    end(Transition::failed, last_.id);
    EXPECT_TRUE(is_there(body_of("/a")));
    EXPECT_EQ(command(first.id).resources[0].body, 0U);
}

TEST_F(BodyTest, AForgottenResourcesBodyGoes) {
    spent_on_put("/a", "1");
    const std::uint64_t body = body_of("/a");
    forget_it("/a");
    EXPECT_FALSE(is_there(body));
}

TEST_F(BodyTest, AnActionsArgumentsGoWithItsCommand) {
    state::Command made;
    change([&](state::Edit& edit) -> Result<void> {
        made = EK_TRY(invoke(edit, protector_, {.host = host_, .request_id = ""}, {"files", "/a"},
                             "touch", json::Object{{"secret", "tiger"}}));
        return {};
    });
    const std::uint64_t body = made.resources[0].body;
    EXPECT_EQ(to_wire(made, read(), protector_, "s")->resources[0].arguments.string_or("secret"),
              "tiger");
    end(Transition::failed, made.id);
    EXPECT_FALSE(is_there(body));
}

// A FILE command is found by any of its resources, and stays while it says more than the new one.
TEST_F(BodyTest, ACommandOfManyIsSupersededOnlyByOneOfAllOfThem) {
    const auto both = [&](const std::string& text) {
        std::vector<DescriptionRequest> requests(2);
        requests[0].ref = {"files", "/a"};
        requests[1].ref = {"files", "/b"};
        for (auto& request : requests) request.description = json::Object{{"content", text}};
        state::Command made;
        change([&](state::Edit& edit) -> Result<void> {
            made = EK_TRY(describe(edit, protector_, {.host = host_, .request_id = ""}, requests));
            return {};
        });
        return made.id;
    };
    const std::string first = both("1");
    spent_on_put("/a", "2");
    const std::string a = last_.id;
    spent_on_put("/b", "2");
    const std::string b = last_.id;
    EXPECT_EQ(command(first).state, state::CommandState::queued);
    const std::string all = both("3");
    for (const std::string& id : {first, a, b}) {
        EXPECT_EQ(command(id).state, state::CommandState::superseded);
    }
    EXPECT_EQ(command(all).state, state::CommandState::queued);
}

}  // namespace
}  // namespace evenkeel::commands
