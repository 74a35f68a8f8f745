#include "orchestrator/state/backup.hpp"

#include "core/base/file.hpp"
#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/events.hpp"
#include "orchestrator/state/hosts.hpp"
#include "tests/unit/orchestrator/fixture.hpp"

namespace evenkeel::state {
namespace {

class BackupTest : public test::StateTest {
  protected:
    Result<void> back_up() { return backup(folder_.path(), {"seal.key"}, folder_ / "backup"); }
    Result<void> put_back() { return restore(folder_.path(), {"seal.key"}, folder_ / "backup"); }
    void close() { state_.reset(); }
};

TEST_F(BackupTest, ARestoreBringsBackTheStateUnderANewStreamThatNamesTheOld) {
    ASSERT_TRUE(back_up()) << back_up().error().what;
    const std::string before = state_->stream().id;
    const std::uint64_t revision = *read().revision();
    change([&](Edit& edit) -> Result<void> {
        EK_CHECK(edit.add_event(EventType::agent_blind, host_, host_, json::Object{}));
        return edit.hosts().erase_name("web1");
    });
    close();
    const auto restored = put_back();
    ASSERT_TRUE(restored) << restored.error().what;
    open();
    EXPECT_NE(state_->stream().id, before);
    EXPECT_EQ(state_->stream().predecessor, before);
    EXPECT_EQ(state_->stream().predecessor_end, revision);
    EXPECT_EQ(*read().hosts().id_of("web1"), host_);
    EXPECT_EQ(*read().events().floor(), revision);
}

TEST_F(BackupTest, UnfinishedCommandsOfTheBackupEndInterrupted) {
    Command waiting;
    waiting.id = "cmd_1";
    waiting.host = host_;
    waiting.verb = wire::Verb::apply;
    waiting.seq = 1;
    change([&](Edit& edit) { return edit.commands().add(waiting); });
    ASSERT_TRUE(back_up());
    close();
    ASSERT_TRUE(put_back());
    open();
    EXPECT_EQ(command("cmd_1").state, CommandState::interrupted);
    EXPECT_FALSE(*read().commands().has_unfinished(host_));
}

TEST_F(BackupTest, ABackupWantsAnEmptyFolder) {
    ASSERT_TRUE(make_folder(folder_ / "backup", 0700));
    ASSERT_TRUE(write_file(folder_ / "backup/mine", "x", 0600));
    EXPECT_EQ(back_up().error().code, Errc::conflict);
}

TEST_F(BackupTest, ARestoreOverARunningOrchestratorIsRefused) {
    ASSERT_TRUE(back_up());
    const auto lock = lock_file(folder_ / "lock");
    ASSERT_TRUE(lock);
    EXPECT_EQ(put_back().error().code, Errc::busy);
}

TEST_F(BackupTest, KeysComeBackWithTheStore) {
    const std::string key = *read_file(folder_ / "seal.key");
    ASSERT_TRUE(back_up());
    close();
    ASSERT_TRUE(write_file(folder_ / "seal.key", "another", 0600));
    ASSERT_TRUE(put_back());
    EXPECT_EQ(*read_file(folder_ / "seal.key"), key);
}

}  // namespace
}  // namespace evenkeel::state
