#include "orchestrator/state/host_migrations.hpp"

#include <csignal>

#include <sys/wait.h>
#include <unistd.h>

#include "orchestrator/state/enrolments.hpp"
#include "orchestrator/state/hosts.hpp"
#include "orchestrator/state/migrations.hpp"
#include "tests/unit/orchestrator/fixture.hpp"

namespace evenkeel::state {
namespace {

const std::vector<std::string> kLayout1Tables = {"hosts", "names", "keys", "counters"};

// A store as the program of layout 1 wrote it: a host that was seen, one that never came, an
// enrolment and a clone.
class HostMigration : public test::StateTest {
  protected:
    using Step = std::function<Result<void>(const store::Env&, store::WriteTxn&)>;

    void SetUp() override {
        auto env =
            *store::Env::open(folder_ / "store", {.tables = kLayout1Tables, .migrations = {}});
        auto txn = *env.write();
        const auto put = [&](const char* table, const std::string& key, const std::string& value) {
            ASSERT_TRUE(txn.put(env.table(table), key, value));
        };
        put("hosts", host_,
            R"({"id":")" + host_ +
                R"(","name":"web1","enrolment":"active","connection":"offline",)"
                R"("created_at":"2026-11-01T00:00:00.000Z","last_seen":")" +
                kSeen + R"(","version":"0.1.0","labels":{"rack":"7"},"facts":{}})");
        put("hosts", kOther,
            R"({"id":")" + std::string(kOther) +
                R"(","name":"new1","enrolment":"active","last_seen":"","labels":{},"facts":{}})");
        put("hosts", kRetired,
            R"({"id":")" + std::string(kRetired) +
                R"(","name":"old1","enrolment":"retired","last_seen":"","labels":{},"facts":{}})");
        put("keys", key_, R"({"host":")" + host_ + R"(","state":"active","name":"web1"})");
        put("keys", key_ + "-0123456789abcdef",
            R"({"host":")" + host_ + R"(","state":"held","name":"copy"})");
        ASSERT_TRUE(txn.commit());
    }

    void expect_everything() {
        const auto view = read();
        EXPECT_EQ((*view.hosts().find(host_))->last_seen, kSeen);
        EXPECT_EQ((*view.hosts().find(host_))->labels.string_or("rack"), "7");
        EXPECT_EQ((*view.hosts().find(kOther))->last_seen, "");
        std::vector<std::string> active;
        EXPECT_TRUE(view.hosts().each_id_in("default", [&](std::string_view id) {
            active.emplace_back(id);
            return true;
        }));
        EXPECT_EQ(active, (std::vector<std::string>{host_, kOther}));
        EXPECT_EQ((*view.hosts().find(host_))->environment, "default");
        EXPECT_EQ((*view.enrolments().find(key_))->state, state::EnrolmentState::active);
        EXPECT_EQ(view.enrolments().clones_of(key_)->size(), 1U);
    }

    // Opens the store in a process that is killed after these steps of the migration.
    void kill_after(const std::vector<Step>& steps) {
        const pid_t child = ::fork();
        if (child == 0) {
            store::Env::Options options = store_options();
            options.migrations = {[&](const store::Env& env, store::WriteTxn& txn) -> Result<void> {
                for (const Step& step : steps) EK_CHECK(step(env, txn));
                ::raise(SIGKILL);
                return {};
            }};
            const auto opened = store::Env::open(folder_ / "store", std::move(options));
            ::_exit(0);
        }
        int status = 0;
        ::waitpid(child, &status, 0);
        ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    }

    static constexpr const char* kSeen = "2026-11-23T05:36:53.120Z";
    static constexpr const char* kOther = "host_0192f0c1-0000-7000-8000-000000000002";
    static constexpr const char* kRetired = "host_0192f0c1-0000-7000-8000-000000000003";
    const std::string key_ = std::string(64, 'a');
};

TEST_F(HostMigration, LastSeenAndEnrolmentsAreFoundUnderTheirNewNames) {
    open();
    expect_everything();
}

TEST_F(HostMigration, AKillInsideLeavesTheOlderLayoutWhole) {
    kill_after({});
    kill_after({rename_enrolments});
    kill_after({rename_enrolments, separate_last_seen});
    const auto old =
        store::Env::open(folder_ / "store", {.tables = kLayout1Tables, .migrations = {}});
    ASSERT_TRUE(old) << old.error().what;
    EXPECT_TRUE(*old->read()->get(old->table("keys"), key_));
}

TEST_F(HostMigration, AfterAKillItBeginsAnew) {
    kill_after({rename_enrolments, separate_last_seen});
    open();
    expect_everything();
}

}  // namespace
}  // namespace evenkeel::state
