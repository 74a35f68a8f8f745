#include "orchestrator/state/audit.hpp"

#include "orchestrator/state/audit_trail.hpp"
#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/hosts.hpp"
#include "orchestrator/state/list.hpp"
#include "orchestrator/state/retention.hpp"
#include "tests/support/wait.hpp"
#include "tests/unit/orchestrator/fixture.hpp"

namespace evenkeel::state {
namespace {

class AuditTest : public test::StateTest {
  protected:
    // A change with its record.
    Result<void> act(const std::string& name, const State::Work& work = {}) {
        Result<void> result = fail(Errc::timeout, "no answer from the writer");
        bool answered = false;
        state_->submit(
            AuditContext{.actor = {.id = "ekp_1", .name = name, .role = "operator"},
                         .method = "PUT"},
            [work](Edit& edit) { return work ? work(edit) : Result<void>(); },
            [&](Result<void> done) {
                result = std::move(done);
                answered = true;
            });
        loop_.run_until([&] { return answered; }, test::kPatience);
        return result;
    }
    void three() {
        for (const char* name : {"ann", "bob", "eve"}) ASSERT_TRUE(act(name));
    }
    std::string stored(std::uint64_t seq) {
        const auto view = read();
        std::string found;
        EXPECT_TRUE(
            view.audit_trail().list().visit(view, store::number_key(seq), [&](const Entry& entry) {
                found = AuditTrail::text_of(entry);
                return true;
            }));
        return found;
    }
    // Writes what no repository would, past all of them; no text erases the record.
    void store(std::uint64_t seq, const std::optional<std::string>& text) {
        state_.reset();
        {
            store::Env env = *store::Env::open(folder_ / "store", store_options());
            store::WriteTxn txn = *env.write();
            const store::Table audit = env.table("audit");
            const std::string key = store::number_key(seq);
            if (text) {
                ASSERT_TRUE(txn.put(audit, key, *text));
            } else {
                ASSERT_TRUE(*txn.erase(audit, key));
            }
            ASSERT_TRUE(txn.commit());
        }
        open();
    }
    std::string verdict() {
        const auto end = read().audit_trail().verify();
        return end ? "whole up to " + std::to_string(end->seq) : end.error().what;
    }
};

TEST_F(AuditTest, AChangeAndItsRecordAreOneTransaction) {
    ASSERT_TRUE(act("ann", [&](Edit& edit) -> Result<void> {
        EK_CHECK(edit.hosts().put_name("web9", host_));
        edit.note("name", "web9");
        return {};
    }));
    const json::Value record = *json::parse(stored(1));
    EXPECT_EQ(record["actor"].string_or("name"), "ann");
    EXPECT_EQ(record["detail"].string_or("name"), "web9");
    EXPECT_EQ(record.string_or("outcome"), "done");
    EXPECT_FALSE(act("bob", [&](Edit& edit) -> Result<void> {
        EK_CHECK(edit.hosts().put_name("web8", host_));
        return fail(Errc::conflict, "no");
    }));
    EXPECT_EQ(read().audit_trail().head()->seq, 1U);
}

// What is at the next place already stands for whatever keeps a record from being written.
TEST_F(AuditTest, AChangeWhoseRecordCannotBeWrittenDoesNotHappen) {
    three();
    store(4, "in the way");
    EXPECT_FALSE(act("ann", [&](Edit& edit) { return edit.hosts().put_name("web9", host_); }));
    EXPECT_FALSE(*read().hosts().id_of("web9"));
}

TEST_F(AuditTest, VerifyNamesTheRecordOfWhichOneByteWasFlipped) {
    three();
    EXPECT_EQ(verdict(), "whole up to 3");
    const std::string whole = stored(2);
    for (std::size_t at = 0; at < whole.size(); ++at) {
        std::string flipped = whole;
        flipped[at] = static_cast<char>(flipped[at] ^ 1);
        if (json::parse(flipped) && *json::parse(flipped) == *json::parse(whole)) continue;
        store(2, flipped);
        ASSERT_NE(verdict().find("audit record 2"), std::string::npos) << flipped << verdict();
    }
    store(2, whole);
    EXPECT_EQ(verdict(), "whole up to 3");
}

TEST_F(AuditTest, VerifyNamesTheRecordThatIsMissingOrMoved) {
    three();
    const std::string second = stored(2);
    const std::string third = stored(3);
    store(2, third);
    store(3, second);
    EXPECT_NE(verdict().find("audit record 2"), std::string::npos) << verdict();
    store(2, second);
    store(3, std::nullopt);
    EXPECT_NE(verdict().find("audit record 3 is missing"), std::string::npos) << verdict();
    store(3, third);
    store(1, std::nullopt);
    EXPECT_NE(verdict().find("audit record 1 is missing"), std::string::npos) << verdict();
}

TEST_F(AuditTest, WhatIsThrownAwayIsNamedAndTheRestStaysWhole) {
    three();
    change([](Edit& edit) { return throw_away_old(edit, {.audit_most = 1}); });
    ASSERT_TRUE(act("zoe"));
    EXPECT_EQ(stored(2), "");
    const json::Value cut = *json::parse(stored(4));
    EXPECT_EQ(cut["detail"]["pruned"].integer_or("to"), 2);
    EXPECT_EQ(cut["detail"]["pruned"].string_or("hash"), read().audit_trail().anchor()->hash);
    EXPECT_EQ(verdict(), "whole up to 5");
}

TEST_F(AuditTest, ALargeDetailIsKeptAsItsHash) {
    ASSERT_TRUE(act("ann", [](Edit& edit) -> Result<void> {
        edit.note("much", std::string(20'000, 'x'));
        return {};
    }));
    const json::Value record = *json::parse(stored(1));
    EXPECT_EQ(record["detail"].string_or("sha256").size(), 64U);
    EXPECT_FALSE(record["detail"].find("much"));
}

}  // namespace
}  // namespace evenkeel::state
