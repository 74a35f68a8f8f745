#include "core/agent/agent_store.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include "tests/unit/core/temp_folder.hpp"

namespace evenkeel::agent {
namespace {

class Stored : public testing::Test {
  protected:
    void open() {
        store.reset();
        auto opened = AgentStore::open(folder / "state");
        ASSERT_TRUE(opened) << opened.error().what;
        store.emplace(std::move(*opened));
    }
    void SetUp() override { open(); }

    template <typename... T>
    void put(const T&... records) {
        auto txn = store->env().write();
        ASSERT_TRUE(txn);
        for (const bool done : {store->put(*txn, records).has_value()...}) ASSERT_TRUE(done);
        ASSERT_TRUE(txn->commit());
    }

    // Every byte of the store's files.
    std::string bytes() {
        std::string all;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(folder / "state")) {
            if (!entry.is_regular_file()) continue;
            std::ifstream in(entry.path(), std::ios::binary);
            all.append(std::istreambuf_iterator<char>(in), {});
        }
        return all;
    }

    static Description motd() {
        Head head{{"files", "/etc/motd"},
                  wire::Policy::enforce,
                  wire::Origin::orchestrator,
                  {"stream_1", 7},
                  2,
                  false};
        return {head, json::Object{{"content", "the-secret-text"}}};
    }

    test::TempFolder folder;
    std::optional<AgentStore> store;
};

TEST_F(Stored, ADescriptionComesBackWhole) {
    put(motd());
    open();
    const auto back = store->description({"files", "/etc/motd"});
    ASSERT_TRUE(back && *back);
    EXPECT_EQ((*back)->body, motd().body);
    EXPECT_EQ((*back)->head.policy, wire::Policy::enforce);
    EXPECT_EQ((*back)->head.generation, (wire::Generation{"stream_1", 7}));
    EXPECT_EQ((*back)->head.schema_version, 2U);
    EXPECT_FALSE(*store->description({"files", "/etc/other"}));
}

TEST_F(Stored, NoSecretEverLiesOpenInTheFiles) {
    Inbox inbox;
    inbox.id = "cmd_1";
    inbox.verb = "apply";
    wire::Wanted wanted;
    wanted.ref = {"files", "/etc/motd"};
    wanted.description = json::Object{{"content", "the-secret-text"}};
    inbox.resources.push_back(wanted);
    Row row;
    row.seq = 1;
    row.kind = "description.changed";
    row.data = R"({"description":{"content":"the-secret-text"}})";
    put(motd(), inbox, row);
    EXPECT_NE(bytes().find("/etc/motd"), std::string::npos);
    EXPECT_EQ(bytes().find("the-secret-text"), std::string::npos);
}

TEST_F(Stored, CommandsAndEventsAreLoadedAtStart) {
    Inbox inbox;
    inbox.id = "cmd_1";
    inbox.verb = "apply";
    inbox.order = 3;
    inbox.state = Inbox::State::running;
    wire::Wanted wanted;
    wanted.ref = {"files", "/etc/motd"};
    inbox.resources.push_back(wanted);
    Row row;
    row.seq = 41;
    row.kind = "command.outcome";
    row.about = {{"files", "/etc/motd"}};
    row.command = "cmd_0";
    row.data = "{}";
    put(inbox, row, wire::Mark{"stream_1", 12}, Hold{"files", "files 0.1.0", "crashed"});
    open();
    const auto loaded = store->load();
    ASSERT_TRUE(loaded) << loaded.error().what;
    ASSERT_EQ(loaded->inbox.size(), 1U);
    EXPECT_EQ(loaded->inbox[0].state, Inbox::State::running);
    EXPECT_EQ(loaded->inbox[0].order, 3U);
    EXPECT_EQ(loaded->inbox[0].resources[0].ref, wanted.ref);
    ASSERT_EQ(loaded->outbox.size(), 1U);
    EXPECT_EQ(loaded->outbox[0].seq, 41U);
    EXPECT_EQ(loaded->outbox[0].command, "cmd_0");
    EXPECT_EQ(loaded->outbox_last, 41U);
    EXPECT_EQ(loaded->mark.seq, 12U);
    ASSERT_EQ(loaded->holds.size(), 1U);
    EXPECT_EQ(loaded->holds[0].reason, "crashed");
}

TEST_F(Stored, TheLastNumberOutlivesItsEvent) {
    Row row;
    row.seq = 5;
    row.kind = "resource.drifted";
    row.data = "{}";
    put(row);
    auto txn = store->env().write();
    ASSERT_TRUE(store->drop_rows(*txn, 1, 5));
    ASSERT_TRUE(txn->commit());
    open();
    EXPECT_EQ(store->load()->outbox_last, 5U);
    EXPECT_TRUE(store->load()->outbox.empty());
}

TEST_F(Stored, RemovalsAreBounded) {
    auto txn = store->env().write();
    for (std::uint64_t revision = 1; revision <= AgentStore::kRemovalsMost + 5; ++revision) {
        ASSERT_TRUE(store->put(
            *txn, Removal{{"files", "/" + std::to_string(revision)}, {"stream_1", revision}}));
    }
    ASSERT_TRUE(txn->commit());
    const auto loaded = store->load();
    ASSERT_EQ(loaded->removals.size(), AgentStore::kRemovalsMost);
    EXPECT_EQ(loaded->removals.front().generation.revision, 6U);
}

TEST_F(Stored, ALostKeyIsARefusalAndNotASecondKey) {
    put(motd());
    store.reset();
    std::filesystem::remove(folder / "state/store.key");
    EXPECT_FALSE(AgentStore::open(folder / "state"));
}

TEST_F(Stored, OnlyOneProcessHasTheStore) {
    const auto second = AgentStore::open(folder / "state");
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Errc::busy);
}

}  // namespace
}  // namespace evenkeel::agent
