#include "orchestrator/state/backup.hpp"

#include <unistd.h>

#include "core/base/file.hpp"
#include "orchestrator/state/audit.hpp"
#include "orchestrator/state/audit_trail.hpp"
#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/events.hpp"
#include "orchestrator/state/hosts.hpp"
#include "orchestrator/state/list.hpp"
#include "orchestrator/state/plan_hosts.hpp"
#include "orchestrator/state/to_compile.hpp"
#include "orchestrator/state/wanted.hpp"
#include "tests/unit/orchestrator/fixture.hpp"

namespace evenkeel::state {
namespace {

class BackupTest : public test::StateTest {
  protected:
    Result<Backup> back_up() { return backup(folder_.path(), {"seal.key"}, folder_ / "backup"); }
    Result<Restored> put_back(const std::vector<std::string>& needed = {}) {
        return restore(folder_.path(), {"seal.key"}, folder_ / "backup", needed);
    }
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

TEST_F(BackupTest, ABackupAndARestoreSayWhatTheyMadeAndWhatCameBack) {
    const auto made = back_up();
    ASSERT_TRUE(made) << made.error().what;
    ASSERT_TRUE(made->content);
    EXPECT_GT(made->bytes, 4096U);
    EXPECT_EQ(made->content->revision, *read().revision());
    EXPECT_EQ(made->content->hosts, 1U);
    EXPECT_EQ(*json::parse(*read_file(folder_ / "backup/backup.json")),
              json::Value(encode(*made->content)));
    EXPECT_NE(::access((folder_ / "backup/store/lock").c_str(), F_OK), 0);
    close();
    const auto restored = put_back();
    ASSERT_TRUE(restored) << restored.error().what;
    EXPECT_EQ(restored->backup.made, made->content->made);
    EXPECT_EQ(restored->backup.head, made->content->head);
    EXPECT_EQ(restored->backup.hosts, 1U);
    EXPECT_EQ(restored->former_store, folder_ / "store.before-restore");
    open();
    EXPECT_EQ(restored->stream, state_->stream().id);
}

TEST_F(BackupTest, TheFirstEventAndTheAuditRecordOfARestoreSayThatItIsOne) {
    change([](Edit& edit) { return edit.audit({.method = "PUT"}); });
    const std::string stream = state_->stream().id;
    const auto made = back_up();
    ASSERT_TRUE(made);
    close();
    ASSERT_TRUE(put_back());
    open();
    std::vector<json::Value> events;
    ASSERT_TRUE(read().events().after(0, [&](std::uint64_t, const StoredEvent& event) {
        events.push_back(*json::parse(event.body));
        return true;
    }));
    ASSERT_FALSE(events.empty());
    EXPECT_EQ(events[0].string_or("type"), "orchestrator.restored");
    const json::Value& backup = events[0]["data"]["backup"];
    EXPECT_EQ(backup.string_or("stream"), stream);
    EXPECT_EQ(backup.integer_or("revision"), static_cast<std::int64_t>(made->content->revision));
    EXPECT_EQ(backup.string_or("made"), made->content->made);
    EXPECT_EQ(read().audit_trail().verify()->seq, made->content->head.seq + 1);
    json::Value record;
    ASSERT_TRUE(read().audit_trail().list().visit(
        read(), store::number_key(made->content->head.seq + 1), [&](const Entry& entry) {
            record = *AuditTrail::read(entry);
            return true;
        }));
    EXPECT_EQ(record.string_or("route"), "restore");
    EXPECT_EQ(record["detail"]["backup"], backup);
    EXPECT_EQ(backup["head"]["hash"].as_string(), made->content->head.hash);
}

// What it replaces is kept until the next one, also when it is interrupted half way.
TEST_F(BackupTest, ARestoreKeepsTheStoreAndTheKeysThatItReplaces) {
    ASSERT_TRUE(back_up());
    close();
    ASSERT_TRUE(write_file(folder_ / "seal.key", "another", 0600));
    ASSERT_TRUE(put_back());
    EXPECT_EQ(*read_file(folder_ / "keys.before-restore/seal.key"), "another");
    // As a kill after the first rename leaves it.
    EXPECT_FALSE(read_file(folder_ / "restore.unfinished"));
    ASSERT_TRUE(write_file(folder_ / "restore.unfinished", "", 0600));
    ASSERT_EQ(::rename((folder_ / "store").c_str(), (folder_ / "store.restoring").c_str()), 0);
    const auto restored = put_back();
    ASSERT_TRUE(restored);
    EXPECT_EQ(*read_file(folder_ / "keys.before-restore/seal.key"), "another");
    EXPECT_TRUE(store::Env::exists(folder_ / "store.before-restore"));
    EXPECT_EQ(restored->former_store, folder_ / "store.before-restore");
    EXPECT_FALSE(read_file(folder_ / "restore.unfinished"));
}

TEST_F(BackupTest, WhereTheStoreWasMovedAwayTheKeysAreKept) {
    ASSERT_TRUE(back_up());
    close();
    ASSERT_TRUE(put_back());
    ASSERT_TRUE(write_file(folder_ / "seal.key", "another", 0600));
    ASSERT_EQ(::rename((folder_ / "store").c_str(), (folder_ / "moved").c_str()), 0);
    const auto restored = put_back();
    ASSERT_TRUE(restored) << restored.error().what;
    EXPECT_EQ(*read_file(folder_ / "keys.before-restore/seal.key"), "another");
    EXPECT_EQ(restored->former_files, folder_ / "keys.before-restore");
    EXPECT_EQ(restored->former_store, "") << "that of the restore before";
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

// It may have been sent and changed again after the backup.
TEST_F(BackupTest, WhatTheBackupWasAboutToSendIsHeld) {
    const std::string gone = "host_0192f0c1-0000-7000-8000-000000000009";
    change([&](Edit& edit) -> Result<void> {
        EK_CHECK(edit.to_compile().put(host_, {kModelChanged, kModelEdited}));
        EK_CHECK(edit.to_compile().put(gone, {kModelChanged, kModelEdited}));
        return PlanHostEdits(edit).begin("plan_1", {host_}, {});
    });
    ASSERT_TRUE(back_up());
    close();
    ASSERT_TRUE(put_back());
    open();
    EXPECT_EQ((*read().wanted().find(host_))->status, WantedStatus::held);
    EXPECT_FALSE((*read().to_compile().find(host_))->changed.contains(kModelEdited));
    EXPECT_EQ(PlanHosts(read()).tally("plan_1")->failed, 1U);
    EXPECT_FALSE(*read().wanted().find(gone));
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
    const Error error = put_back().error();
    EXPECT_EQ(error.code, Errc::busy);
    EXPECT_NE(error.what.find("stop it first"), std::string::npos) << error.what;
    // Who holds it is told.
    const std::string holder = "process " + std::to_string(::getpid());
    EXPECT_NE(error.what.find(holder), std::string::npos) << error.what;
}

TEST_F(BackupTest, ARestoreSaysWhatIsReallyWrong) {
    EXPECT_EQ(put_back().error().what, "there is no backup in " + (folder_ / "backup"));
    // It is there and cannot be read, which for another user than root a mode would do.
    ASSERT_TRUE(make_folder(folder_ / "backup", 0700));
    ASSERT_EQ(::symlink("store", (folder_ / "backup/store").c_str()), 0);
    std::string what = put_back().error().what;
    EXPECT_EQ(what.find("there is no backup"), std::string::npos) << what;
    EXPECT_NE(what.find("backup/store/data.mdb"), std::string::npos) << what;
    ASSERT_EQ(::unlink((folder_ / "backup/store").c_str()), 0);
    ASSERT_TRUE(back_up());
    close();
    // The lock cannot be taken, and no orchestrator runs.
    ::unlink((folder_ / "lock").c_str());
    ASSERT_TRUE(make_folder(folder_ / "lock", 0700));
    what = put_back().error().what;
    EXPECT_EQ(what.find("orchestrator"), std::string::npos) << what;
    EXPECT_NE(what.find(folder_ / "lock"), std::string::npos) << what;
}

TEST_F(BackupTest, ABackupWithoutItsKeysReplacesNothing) {
    ASSERT_TRUE(back_up());
    const std::string stream = state_->stream().id;
    close();
    EXPECT_EQ(put_back({"ca.key"}).error().what,
              "there is no ca.key in the backup " + (folder_ / "backup"));
    open();
    EXPECT_EQ(state_->stream().id, stream);
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
