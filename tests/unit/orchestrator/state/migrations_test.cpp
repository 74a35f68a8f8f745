#include "orchestrator/state/migrations.hpp"

#include <csignal>
#include <filesystem>

#include <sys/wait.h>
#include <unistd.h>

#include "core/crypto/record_chain.hpp"
#include "core/wire/message.hpp"
#include "orchestrator/commands/queue.hpp"
#include "orchestrator/state/audit.hpp"
#include "orchestrator/state/backup.hpp"
#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/tables.hpp"
#include "tests/unit/orchestrator/fixture.hpp"

namespace evenkeel::state {
namespace {

const std::vector<std::string> kLayout1Tables = {
    "hosts",       "names",   "fingerprints", "keys",     "tokens",   "enrolment_tokens",
    "collections", "schemas", "resources",    "tallies",  "commands", "host_commands",
    "queue",       "marks",   "events",       "counters", "audit",    "audit_ends",
    "replies"};

// A store as the program of layout 1 wrote it, record by record.
class Layout1 {
  public:
    Layout1(const std::string& folder, std::string host, const secrets::Protector& protector)
        : env_(*store::Env::open(folder, {.tables = kLayout1Tables, .migrations = {}})),
          txn_(*env_.write()),
          host_(std::move(host)),
          protector_(protector) {
        put("hosts", host_,
            R"({"id":")" + host_ +
                R"(","name":"web1","enrolment":"active","connection":"offline",)"
                R"("created_at":"2026-11-01T00:00:00.000Z","last_seen":"","version":"0",)"
                R"("machine_id":"m","boot_id":"b","stream":"stream_agent","fingerprint":"f",)"
                R"("key_sha256":"k","token":"t","labels":{},"facts":{}})");
        put("names", "web1", host_);
        put("counters", "revision", "40");
        put("counters", "commands/" + host_, "6");
    }

    void put(const std::string& table, const std::string& key, const std::string& value) {
        ASSERT_TRUE(txn_.put(env_.table(table), key, value));
    }

    // {"collection","id",...} as both records have it.
    json::Object part(const std::string& id, int revision, const json::Value& description) {
        json::Object out{{"collection", "files"}, {"id", id}, {"policy", "enforce"}};
        out.set("generation", revision == 0 ? json::Value()
                                            : json::Value(json::Object{{"stream", "stream_o"},
                                                                       {"revision", revision}}));
        out.set("description", description.is_null()
                                   ? description
                                   : protector_.seal({host_, "files", id}, description, nullptr));
        return out;
    }

    void resource(const std::string& id, int revision, const json::Value& description,
                  bool removing = false) {
        json::Object record = part(id, revision, description);
        record.set("origin", revision == 0 ? "local" : "orchestrator");
        record.set("revision", revision);
        record.set("schema_version", 3);
        record.set("state", json::Object{{"size", 1}});
        record.set("observed_at", "2026-11-23T05:36:53.120Z");
        record.set("compliance", wire::encode(wire::Compliance{}));
        record.set("removing", removing);
        put("resources", resource_key(host_, {"files", id}), json::write(record));
    }

    json::Object entry(const std::string& id, int revision, const json::Value& description) {
        json::Object out = part(id, revision, description);
        out.set("action", "");
        out.set("arguments", "");
        out.set("changes", json::Array{});
        out.set("error", nullptr);
        return out;
    }

    void command(const std::string& id, const std::string& verb, const std::string& state,
                 std::uint64_t seq, json::Array entries, bool cancelling = false) {
        const bool ended = state == "succeeded";
        put("commands", id,
            json::write(json::Object{{"id", id},
                                     {"host", host_},
                                     {"verb", verb},
                                     {"state", state},
                                     {"seq", seq},
                                     {"created_at", "2026-11-24T00:00:00.000Z"},
                                     {"finished_at", ended ? "2026-11-24T00:00:01.000Z" : ""},
                                     {"request_id", "r"},
                                     {"expires_at_ms", 1'000 * static_cast<std::int64_t>(seq)},
                                     {"timeout_ms", 600'000},
                                     {"cancelling", cancelling},
                                     {"error", nullptr},
                                     {"resources", std::move(entries)}}));
        put("host_commands", host_key(host_, id), "1");
        if (!ended) put("queue", queue_key(host_, seq), id);
    }

    void commit() { ASSERT_TRUE(txn_.commit()); }

  private:
    store::Env env_;
    store::WriteTxn txn_;
    std::string host_;
    const secrets::Protector& protector_;
};

json::Value said(const std::string& text) {
    return json::Object{{"content", text}};
}

class Migration : public test::StateTest {
  protected:
    void SetUp() override { write_layout_1(folder_ / "store"); }

    void write_layout_1(const std::string& folder) {
        Layout1 old(folder, host_, protector_);
        old.resource("/a", 5, said("a5"));
        old.resource("/local", 0, said("mine"));
        old.resource("/gone", 7, json::Object{{"ensure", "absent"}}, true);
        old.command("cmd_1", "apply", "running", 1, {old.entry("/a", 4, said("a4"))}, true);
        old.command("cmd_2", "remove", "sent", 2, {old.entry("/gone", 7, nullptr)});
        old.command("cmd_3", "apply", "queued", 3,
                    {old.entry("/a", 5, said("a5")), old.entry("/other", 6, said("o6"))});
        json::Object action = old.entry("/a", 5, nullptr);
        action.set("action", "touch");
        action.set("arguments", protector_.seal_text(R"({"n":1})", commands::arguments_purpose(
                                                                       host_, {"files", "/a"})));
        old.command("cmd_4", "invoke", "queued", 4, {std::move(action)});
        old.command("cmd_5", "apply", "succeeded", 5, {old.entry("/a", 5, nullptr)});
        old.commit();
    }

    wire::Command sent(const std::string& id) {
        const auto view = read();
        return *commands::to_wire(**view.commands().find(id), view, protector_, "s");
    }
    void expect_everything() {
        EXPECT_EQ(description(resource("/a")->body, "/a"), said("a5"));
        EXPECT_EQ(description(resource("/local")->body, "/local"), said("mine"));
        EXPECT_EQ(sent("cmd_1").resources[0].description, said("a4"));
        EXPECT_EQ(sent("cmd_3").resources[0].description, said("a5"));
        EXPECT_EQ(sent("cmd_3").resources[1].description, said("o6"));
        EXPECT_EQ(sent("cmd_4").resources[0].arguments.integer_or("n"), 1);
        EXPECT_EQ(command("cmd_5").state, CommandState::succeeded);
    }
};

TEST_F(Migration, EverythingIsThereAndNothingIsSaidTwice) {
    open();
    expect_everything();
    const auto gone = resource("/gone");
    EXPECT_TRUE(gone->removing);
    EXPECT_EQ(gone->generation, (wire::Generation{"stream_o", 7}));
    EXPECT_EQ(gone->schema_version, 3U);
    EXPECT_EQ(gone->state.integer_or("size"), 1);
    EXPECT_EQ(command("cmd_3").resources[0].body, resource("/a")->body);
    EXPECT_EQ(command("cmd_2").resources[0].body, 0U);
}

TEST_F(Migration, WhatWaitsIsSentAndWhatTheAgentHasIsNot) {
    open();
    const auto view = read();
    const auto queued = *view.commands().queued(host_, 0, 10);
    ASSERT_EQ(queued.size(), 2U);
    EXPECT_EQ(queued[0].id, "cmd_3");
    EXPECT_EQ(queued[1].id, "cmd_4");
    const auto accepted = *view.commands().accepted(host_, 0, 10);
    ASSERT_EQ(accepted.size(), 2U);
    EXPECT_EQ(accepted[0].id, "cmd_1");
    EXPECT_EQ(accepted[1].id, "cmd_2");
    EXPECT_EQ(*view.commands().cancelling(host_), (std::vector<std::string>{"cmd_1"}));
    EXPECT_EQ(*view.commands().overdue(2'000, 10), (std::vector<std::string>{"cmd_1", "cmd_2"}));
}

TEST_F(Migration, WhatEndsThenLetsGoOfItsBody) {
    open();
    const std::uint64_t own = command("cmd_1").resources[0].body;
    const std::uint64_t shared = command("cmd_3").resources[0].body;
    const std::uint64_t arguments = command("cmd_4").resources[0].body;
    change([&](Edit& edit) { return commands::end_all(edit, host_, Error{}); });
    EXPECT_FALSE(read().bodies().get(own));
    EXPECT_FALSE(read().bodies().get(arguments));
    EXPECT_TRUE(read().bodies().get(shared)) << "the resource holds it";
}

TEST_F(Migration, ABackupOfTheOlderLayoutIsRestored) {
    ASSERT_TRUE(backup(folder_.path(), {}, folder_ / "backup"));
    ASSERT_TRUE(restore(folder_.path(), {}, folder_ / "backup"));
    open();
    EXPECT_EQ(description(resource("/a")->body, "/a"), said("a5"));
    EXPECT_EQ(command("cmd_3").state, CommandState::interrupted);
    EXPECT_FALSE(*read().commands().has_unfinished(host_));
}

TEST_F(Migration, AnOlderProgramRefusesTheNewerLayout) {
    open();
    state_.reset();
    const auto refused =
        store::Env::open(folder_ / "store", {.tables = kLayout1Tables, .migrations = {}});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::unsupported);
    EXPECT_EQ(refused.error().what,
              "the store has layout 3, this program knows up to 1: use the newer program, or "
              "restore a backup");
}

TEST_F(Migration, VerifyingTheAuditLeavesTheOlderLayoutAsItIs) {
    EXPECT_TRUE(verify_audit_of(folder_.path()));
    EXPECT_TRUE(store::Env::open(folder_ / "store", {.tables = kLayout1Tables, .migrations = {}}));
    EXPECT_FALSE(std::filesystem::exists(folder_ / "store/layout-1"));
    open();
    expect_everything();
    state_.reset();
    EXPECT_TRUE(verify_audit_of(folder_.path())) << "of the newer layout too";
}

// Opens the store in a process that is killed at one point of the migration.
class KilledMigration : public Migration {
  protected:
    using Step = std::function<Result<void>(const store::Env&, store::WriteTxn&)>;

    static Result<void> die(const store::Env&, store::WriteTxn&) {
        ::raise(SIGKILL);
        return {};
    }
    void killed_in(const std::vector<Step>& steps) {
        const pid_t child = ::fork();
        if (child == 0) {
            store::Env::Options options = store_options();
            options.migrations = {[&](const store::Env& env, store::WriteTxn& txn) -> Result<void> {
                for (const Step& step : steps) EK_CHECK(step(env, txn));
                return {};
            }};
            const auto opened = store::Env::open(folder_ / "store", std::move(options));
            ::raise(SIGKILL);
        }
        int status = 0;
        ::waitpid(child, &status, 0);
        ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    }
    std::string layout() {
        store::Env::Options options = store_options();
        options.migrations = {[](const store::Env&, store::WriteTxn&) -> Result<void> {
            return fail(Errc::conflict, "layout 1");
        }};
        const auto opened = store::Env::open(folder_ / "store", std::move(options));
        return opened ? "2" : "1";
    }
};

TEST_F(KilledMigration, LeavesTheOlderLayoutWhole) {
    const std::vector<std::vector<Step>> points = {
        {die},
        {separate_resource_bodies, die},
        {separate_resource_bodies, separate_command_bodies, die}};
    for (const auto& steps : points) {
        killed_in(steps);
        EXPECT_EQ(layout(), "1");
    }
    open();
    expect_everything();
}

TEST_F(KilledMigration, OrTheNewerOne) {
    killed_in({migrations().front()});
    EXPECT_EQ(layout(), "2");
    open();
    expect_everything();
}

// The migration to layout 3.
class DigestMigration : public KilledMigration {
  protected:
    void SetUp() override {
        KilledMigration::SetUp();
        opened_by(2, nullptr);
    }
    // Opens the store with the program of that layout, which is killed in the last step if there is
    // one to be killed in.
    void opened_by(std::size_t layout, const Step& step) {
        store::Env::Options options = store_options();
        options.migrations.resize(layout - 1);
        if (step) options.migrations.back() = step;
        const pid_t child = ::fork();
        if (child == 0) {
            // The environment is closed before the end, with its threads.
            const bool opened = store::Env::open(folder_ / "store", std::move(options)).has_value();
            ::_exit(opened ? 0 : 1);
        }
        int status = 0;
        ::waitpid(child, &status, 0);
        EXPECT_EQ(WIFSIGNALED(status), bool(step));
        EXPECT_TRUE(step || WEXITSTATUS(status) == 0);
    }
    void expect_digest() {
        EXPECT_EQ(*read().resources().digest(host_), digest_anew(read(), host_));
        EXPECT_EQ(read().resources().digest(host_)->count(), 2U) << "/local is the host's own";
        EXPECT_TRUE(*read().hosts().has_hosts_in("default"));
    }
};

TEST_F(DigestMigration, EachHostHasTheDigestOfWhatItHeld) {
    open();
    expect_everything();
    expect_digest();
}

TEST_F(DigestMigration, AKillInsideLeavesTheOlderLayoutWhole) {
    opened_by(3, die);
    opened_by(3, [](const store::Env& env, store::WriteTxn& txn) -> Result<void> {
        EK_CHECK(migrations().back()(env, txn));
        return die(env, txn);
    });
    opened_by(2, nullptr);
    open();
    expect_everything();
    expect_digest();
}

TEST_F(DigestMigration, AnOlderProgramIsRefusedBecauseItWouldNotKeepTheDigests) {
    open();
    state_.reset();
    store::Env::Options older = store_options();
    older.migrations.pop_back();
    const auto refused = store::Env::open(folder_ / "store", std::move(older));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::unsupported);
}

}  // namespace
}  // namespace evenkeel::state
