#include "core/agent/store/migrate.hpp"

#include <csignal>
#include <filesystem>

#include <gtest/gtest.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/agent/store/agent_store.hpp"
#include "core/crypto/hash.hpp"
#include "tests/unit/core/temp_folder.hpp"

// Stores of layout 1, byte for byte as its programs wrote them, and what becomes of them.
namespace evenkeel::agent {
namespace {

using store::number_key;

const wire::Ref kMotd{"files", "/etc/motd"};

store::Env::Options layout_1() {
    store::Env::Options options;
    options.tables = {"descriptions", "observations", "removals", "debts", "inbox", "outbox"};
    return options;
}

// A store of layout 1 with one of everything.
class Writer1 {
  public:
    explicit Writer1(const std::string& state_dir)
        : env_(*store::Env::open(
              (std::filesystem::create_directories(state_dir), state_dir + "/store"), layout_1())),
          sealer_(*crypto::Sealer::open(state_dir + "/store.key", crypto::Sealer::Missing::create)),
          txn_(*env_.write()) {}

    // `json` ends with its brace; what is sealed comes in before that.
    void put(const char* table, const std::string& key, std::string json,
             const std::string& secret = "", const std::string& context = "") {
        if (!secret.empty()) {
            json.pop_back();
            json += R"(,"sealed":")" + sealer_.seal(secret, context) + "\"}";
        }
        ASSERT_TRUE(txn_.put(env_.table(table), key, json));
    }

    void write() {
        const std::string motd = store::resource_key("files", "/etc/motd");
        put("descriptions", motd,
            R"({"collection":"files","id":"/etc/motd","policy":"enforce","origin":"orchestrator",)"
            R"("generation":{"stream":"stream_o","revision":7},"schema_version":2,"absent":false,)"
            R"("notifies":[{"collection":"services","id":"ssh","action":"restart"}]})",
            R"({"content":"old","owner":"root"})", "descriptions/" + motd);
        put("observations", motd,
            R"({"collection":"files","id":"/etc/motd","compliance":{"status":"drifted",)"
            R"("reason":"","fields":[{"path":"/mode","expected":"0644","actual":"0600"}],)"
            R"("since":"2026-11-23T05:36:53.120Z","seen_by":"event"},"open":true,)"
            R"("state":{"mode":"0600"},"observed_at":"2026-11-23T05:36:53.121Z",)"
            R"("repairing":true})");
        put("removals", number_key(6) + crypto::sha256(store::resource_key("users", "eve")),
            R"({"collection":"users","id":"eve","generation":{"stream":"stream_o","revision":6}})");
        put("debts", motd,
            R"({"collection":"files","id":"/etc/motd","notifies":[{"collection":"services",)"
            R"("id":"ssh","action":"restart"}]})");
        write_commands();
        put("outbox", number_key(3),
            R"({"kind":"command.outcome","time":"2026-11-23T05:36:54.000Z",)"
            R"("about":[["users","eve"]],"command":"cmd_done"})",
            R"({"command":"cmd_done","state":"succeeded"})", "outbox/3");
        put("outbox", number_key(5),
            R"({"kind":"agent.shed","time":"2026-11-23T05:36:55.000Z","about":[],"shed_from":4,)"
            R"("shed_count":2})",
            R"({"from":4,"to":5})", "outbox/5");
        put("meta", "mark", R"({"stream":"stream_o","seq":12})");
        put("meta", "owes_truth", "1");
        put("meta", "outbox_last", number_key(5));
        put("meta", "held/users",
            R"({"collection":"users","plugin":"users 0.1.0","reason":"crashed"})");
        ASSERT_TRUE(txn_.commit());
    }

  private:
    static std::string status(const std::string& id, const char* verb, int order,
                              const char* state) {
        return R"({"id":")" + id + R"(","origin":"orchestrator","verb":")" + verb +
               R"(","order":)" + std::to_string(order) +
               R"(,"received_ms":1700000000000,"timeout_ms":60000,"detach":false,"state":")" +
               state + R"(","outcome_seq":)" + (state[0] == 'f' ? "3" : "0") + "}";
    }

    void write_commands() {
        put("inbox", "cmd_done", status("cmd_done", "remove", 1, "finished"));
        put("inbox", "cmd_runs", status("cmd_runs", "apply", 2, "running"),
            R"([{"collection":"files","id":"/etc/motd","description":{"content":"new"},)"
            R"("policy":"report","generation":{"stream":"stream_o","revision":8}},)"
            R"({"collection":"files","id":"/etc/issue","description":{"content":"issue"},)"
            R"("policy":"audit","requires":[{"collection":"files","id":"/etc/motd"}],)"
            R"("generation":{"stream":"stream_o","revision":9}}])",
            "inbox/cmd_runs");
        put("inbox", "cmd_waits", status("cmd_waits", "invoke", 3, "accepted"),
            R"([{"collection":"services","id":"ssh","generation":null,"action":"restart",)"
            R"("arguments":{"force":true}}])",
            "inbox/cmd_waits");
    }

    store::Env env_;
    crypto::Sealer sealer_;
    store::WriteTxn txn_;
};

std::size_t count(AgentStore& store, const char* table) {
    return *store.env().read()->count(store.env().table(table));
}

void expect_resources(const AgentStore& store, const AgentStore::Loaded& loaded) {
    ASSERT_EQ(loaded.metadata.size(), 1U);
    EXPECT_EQ(loaded.metadata[0].relations.notified.size(), 1U);
    const auto motd = store.description(kMotd);
    ASSERT_TRUE(motd && *motd) << motd.error().what;
    EXPECT_EQ(json::write((*motd)->body), R"({"content":"old","owner":"root"})");
    EXPECT_EQ((*motd)->metadata.policy, wire::Policy::enforce);
    EXPECT_EQ((*motd)->metadata.generation, (wire::Generation{"stream_o", 7}));
    EXPECT_EQ((*motd)->metadata.schema_version, 2U);
    const auto seen = store.observation(kMotd);
    ASSERT_TRUE(seen && *seen);
    EXPECT_EQ((*seen)->status.compliance.fields.size(), 1U);
    EXPECT_TRUE((*seen)->status.open && (*seen)->repairing);
    EXPECT_EQ((*seen)->state["mode"].as_string(), "0600");
    ASSERT_EQ(loaded.tombstones.size(), 1U);
    EXPECT_EQ(loaded.tombstones[0].generation.revision, 6U);
    ASSERT_EQ(loaded.pending_notifications.size(), 1U);
    EXPECT_EQ(loaded.pending_notifications[0].notices[0].action, "restart");
}

void expect_commands(const AgentStore::Loaded& loaded) {
    ASSERT_EQ(loaded.inbox.size(), 3U);
    EXPECT_EQ(loaded.inbox[0].state, InboxCommand::State::finished);
    EXPECT_EQ(loaded.inbox[0].outcome_seq, 3U);
    const InboxCommand& runs = loaded.inbox[1];
    EXPECT_EQ(runs.state, InboxCommand::State::running);
    EXPECT_EQ(runs.order, 2U);
    ASSERT_EQ(runs.resources.size(), 2U);
    EXPECT_EQ(runs.resources[0].description["content"].as_string(), "new");
    EXPECT_EQ(runs.resources[1].description["content"].as_string(), "issue");
    EXPECT_EQ(runs.resources[1].policy, wire::Policy::audit);
    EXPECT_EQ(runs.resources[1].relations.required, std::vector{kMotd});
    EXPECT_EQ(runs.resources[1].generation.revision, 9U);
    const InboxCommand& waits = loaded.inbox[2];
    ASSERT_EQ(waits.resources.size(), 1U);
    EXPECT_EQ(waits.resources[0].action, "restart");
    EXPECT_TRUE(waits.resources[0].arguments.bool_or("force"));
    EXPECT_EQ(waits.body_numbers, std::vector<std::uint64_t>{0});
}

void expect_all(AgentStore& store) {
    const auto loaded = store.load();
    ASSERT_TRUE(loaded) << loaded.error().what;
    expect_resources(store, *loaded);
    expect_commands(*loaded);
    ASSERT_EQ(loaded->outbox.size(), 2U);
    EXPECT_EQ(loaded->outbox[0].command, "cmd_done");
    EXPECT_EQ(loaded->outbox[0].about, (std::vector<wire::Ref>{{"users", "eve"}}));
    EXPECT_EQ(loaded->outbox[1].shed_from, 4U);
    const auto outcome = store.outbox_event(3);
    ASSERT_TRUE(outcome && *outcome);
    EXPECT_EQ((*outcome)->kind, wire::EventKind::command_outcome);
    EXPECT_EQ((*outcome)->time, "2026-11-23T05:36:54.000Z");
    EXPECT_EQ((*outcome)->data, R"({"command":"cmd_done","state":"succeeded"})");
    EXPECT_EQ(loaded->outbox_last, 5U);
    EXPECT_EQ(loaded->position.stream, "stream_o");
    EXPECT_EQ(loaded->position.seq, 12U);
    EXPECT_TRUE(loaded->full_report_due);
    ASSERT_EQ(loaded->held_collections.size(), 1U);
    EXPECT_EQ(loaded->held_collections[0].plugin, "users 0.1.0");
    EXPECT_EQ(count(store, "bodies"), 3U);
    EXPECT_EQ(count(store, "meta"), 5U);  // layout, stream, and the three above
}

// Whether the store is whole in layout 1, else it is in layout 2.
bool is_layout_1(const std::string& state_dir) {
    const auto env = store::Env::open(state_dir + "/store", layout_1());
    if (!env) {
        EXPECT_EQ(env.error().code, Errc::unsupported) << env.error().what;
        return false;
    }
    const auto txn = env->read();
    EXPECT_EQ(*txn->count(env->table("inbox")), 3U);
    EXPECT_EQ(*txn->count(env->table("debts")), 1U);
    EXPECT_EQ(*txn->count(env->table("removals")), 1U);
    EXPECT_TRUE(*txn->get(env->table("meta"), "owes_truth"));
    return true;
}

// Opens the store in another process, which is killed at its `at`-th entry to or return from a
// system call; whether it came that far.
bool open_and_kill(const std::string& state_dir, int at) {
    const pid_t child = fork();
    if (child == 0) {
        ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
        raise(SIGSTOP);
        _exit(AgentStore::open(state_dir) ? 0 : 1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    for (int i = 0; i < at; ++i) {
        ptrace(PTRACE_SYSCALL, child, nullptr, nullptr);
        waitpid(child, &status, 0);
        if (!WIFSTOPPED(status)) {
            EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
            return false;
        }
    }
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    return true;
}

TEST(Migration, AStoreOfLayout1LosesNothing) {
    test::TempFolder folder;
    Writer1(folder / "state").write();
    for (int i = 0; i < 2; ++i) {
        auto store = AgentStore::open(folder / "state");
        ASSERT_TRUE(store) << store.error().what;
        expect_all(*store);
    }
    EXPECT_FALSE(is_layout_1(folder / "state"));
}

TEST(Migration, TheCopyBesideItIsTheOldStore) {
    test::TempFolder folder;
    Writer1(folder / "state").write();
    ASSERT_TRUE(AgentStore::open(folder / "state"));
    std::filesystem::create_directories(folder / "old");
    std::filesystem::copy(folder / "state/store/layout-1", folder / "old/store");
    EXPECT_TRUE(is_layout_1(folder / "old"));
}

TEST(Migration, KilledAnywhereItLeavesOneLayoutOrTheOther) {
    test::TempFolder folder;
    Writer1(folder / "first").write();
    int old = 0;
    int migrated = 0;
    constexpr int kStep = 7;  // odd: kills come at entries and at returns
    for (int at = 1;; at += kStep) {
        const std::string state_dir = folder / std::to_string(at);
        std::filesystem::copy(folder / "first", state_dir,
                              std::filesystem::copy_options::recursive);
        const bool killed = open_and_kill(state_dir, at);
        ++(is_layout_1(state_dir) ? old : migrated);
        auto store = AgentStore::open(state_dir);
        ASSERT_TRUE(store) << "killed at " << at << ": " << store.error().what;
        expect_all(*store);
        if (testing::Test::HasFailure()) FAIL() << "killed at " << at;
        if (!killed) break;
    }
    EXPECT_GT(old, 10);
    EXPECT_GT(migrated, 0);
}

TEST(Migration, AStoreThatCannotBeUnsealedStaysAsItIs) {
    test::TempFolder folder;
    Writer1(folder / "state").write();
    std::filesystem::remove(folder / "state/store.key");
    const auto refused = AgentStore::open(folder / "state");
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().what.find("store.key"), std::string::npos) << refused.error().what;
    EXPECT_FALSE(std::filesystem::exists(folder / "state/store.key"));
    EXPECT_TRUE(is_layout_1(folder / "state"));
}

TEST(Migration, ANewerLayoutIsRefused) {
    test::TempFolder folder;
    {
        auto store = AgentStore::open(folder / "state");
        ASSERT_TRUE(store);
        auto txn = store->env().write();
        ASSERT_TRUE(txn->put(store->env().table("meta"), "layout", "3"));
        ASSERT_TRUE(txn->commit());
    }
    const auto refused = AgentStore::open(folder / "state");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::unsupported);
    EXPECT_EQ(refused.error().what,
              "the store has layout 3, this program knows up to 2: use the newer program, or "
              "restore a backup");
}

}  // namespace
}  // namespace evenkeel::agent
