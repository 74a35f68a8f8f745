#include "orchestrator/hosts/allow_list.hpp"

#include <map>

#include "core/store/write_set.hpp"
#include "orchestrator/state/changes.hpp"
#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/hosts.hpp"
#include "orchestrator/state/tables.hpp"
#include "tests/support/wait.hpp"
#include "tests/unit/orchestrator/fixture.hpp"

namespace evenkeel::hosts {
namespace {

// One process makes changes; another sees the write sets and can read the store.
class AllowListTest : public ::testing::Test {
  protected:
    // A commit of many works: who may connect, what waits for whom. Every third work fails.
    void submit(store::Writer& writer, int number) {
        const auto work = [this, number](store::WriteTxn& txn) -> Result<void> {
            state::Edit edit(txn, tables_, stream_, clock_);
            const std::string fingerprint = "f" + std::to_string(number % 7);
            const std::string host = "host_" + std::to_string(number);
            if (number % 5 == 4) {
                EK_CHECK(edit.hosts().erase_certificate(fingerprint));
            } else {
                EK_CHECK(edit.hosts().put_certificate(fingerprint, host));
            }
            state::Command command;
            command.id = "cmd_" + std::to_string(number);
            command.host = "host_" + std::to_string(number % 4);
            command.seq = static_cast<std::uint64_t>(number) + 1;
            EK_CHECK(edit.commands().add(command));
            if (number % 3 == 2) return fail(Errc::conflict, "no");
            return {};
        };
        ASSERT_TRUE(writer.submit_tracked(
            work, [this](const Result<void>& done, const store::WriteSet& touched) {
                EXPECT_EQ(touched.empty(), !done);
                log_.push_back(touched);
                // In the process itself: told at once.
                hear(touched, inside_, inside_queues_);
            }));
    }
    void hear(const store::WriteSet& touched, AllowList& list, std::map<std::string, int>& queues) {
        const store::ReadTxn txn = *env_.read();
        const auto changes = state::changes_of(touched, state::View(txn, tables_));
        ASSERT_TRUE(changes);
        list.follow(*changes);
        for (const std::string& host : changes->queues) ++queues[host];
    }

    test::TempFolder folder_;
    store::Env env_ = *store::Env::open(folder_ / "store", state::store_options());
    state::Tables tables_ = state::tables_of(env_);
    run::Loop loop_;
    const std::string stream_ = "stream_1";
    const state::SteadyClock clock_;
    std::vector<store::WriteSet> log_;
    AllowList inside_;
    AllowList outside_;
    std::map<std::string, int> inside_queues_;
    std::map<std::string, int> outside_queues_;
};

TEST_F(AllowListTest, WhoeverSeesTheWriteSetsEndsWithTheSameAcrossFailuresAndBatches) {
    constexpr std::size_t kWorks = 200;
    {
        store::Writer writer(env_, loop_.poster());
        // A few at once, so that there are batches; then what they led to is seen, so that what
        // comes later is a change of it.
        for (std::size_t number = 0; number < kWorks; ++number) {
            submit(writer, static_cast<int>(number));
            if (number % 10 != 9) continue;
            ASSERT_TRUE(
                loop_.run_until([&] { return log_.size() == number + 1; }, test::kPatience));
        }
        EXPECT_LT(writer.stats().commits, kWorks);
    }
    // Long after everything has happened.
    for (const store::WriteSet& touched : log_) hear(touched, outside_, outside_queues_);
    AllowList stored;
    const store::ReadTxn txn = *env_.read();
    ASSERT_TRUE(stored.load(state::View(txn, tables_)));
    int known = 0;
    for (int number = 0; number < 7; ++number) {
        const std::string fingerprint = "f" + std::to_string(number);
        EXPECT_EQ(inside_.find(fingerprint), stored.find(fingerprint)) << fingerprint;
        EXPECT_EQ(outside_.find(fingerprint), stored.find(fingerprint)) << fingerprint;
        if (stored.find(fingerprint)) ++known;
    }
    EXPECT_GT(known, 0);
    EXPECT_LT(known, 7);
    EXPECT_EQ(inside_.size(), static_cast<std::size_t>(known));
    EXPECT_EQ(inside_queues_.size(), 4U);
    EXPECT_EQ(outside_queues_, inside_queues_);
}

}  // namespace
}  // namespace evenkeel::hosts
