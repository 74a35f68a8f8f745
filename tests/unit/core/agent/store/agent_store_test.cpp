#include "core/agent/store/agent_store.hpp"

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
    void put_new(const InboxCommand& command) {
        auto txn = store->env().write();
        ASSERT_TRUE(txn && store->put_new(*txn, command) && txn->commit());
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
        Metadata metadata{{"files", "/etc/motd"},
                          wire::Policy::enforce,
                          wire::Origin::orchestrator,
                          {"stream_1", 7},
                          2,
                          false};
        return {metadata, json::Object{{"content", "the-secret-text"}}};
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
    EXPECT_EQ((*back)->metadata.policy, wire::Policy::enforce);
    EXPECT_EQ((*back)->metadata.generation, (wire::Generation{"stream_1", 7}));
    EXPECT_EQ((*back)->metadata.schema_version, 2U);
    EXPECT_FALSE(*store->description({"files", "/etc/other"}));
}

TEST_F(Stored, NoSecretEverLiesOpenInTheFiles) {
    InboxCommand inbox;
    inbox.id = "cmd_1";
    inbox.verb = wire::Verb::apply;
    wire::ResourceRequest request;
    request.ref = {"files", "/etc/motd"};
    request.description = json::Object{{"content", "the-secret-text"}};
    inbox.resources.push_back(request);
    store->number_bodies(inbox);
    OutboxEvent outbox_event;
    outbox_event.seq = 1;
    outbox_event.kind = wire::EventKind::description_changed;
    outbox_event.data = R"({"description":{"content":"the-secret-text"}})";
    put_new(inbox);
    put(motd(), outbox_event);
    EXPECT_NE(bytes().find("/etc/motd"), std::string::npos);
    EXPECT_EQ(bytes().find("the-secret-text"), std::string::npos);
}

TEST_F(Stored, ThatABootIsNeededIsKeptUntilThereWasOne) {
    EXPECT_FALSE(*store->reboot_required());
    const auto add = [this](const std::vector<wire::Ref>& refs) {
        auto txn = store->env().write();
        ASSERT_TRUE(txn && store->add_reboot_required(*txn, refs) && txn->commit());
    };
    add({{"packages", "linux-image"}});
    open();
    add({{"packages", "linux-image"}, {"sysctl", "vm.nr_hugepages"}});
    const auto required = *store->reboot_required();
    ASSERT_TRUE(required);
    EXPECT_EQ(required->resources,
              (std::vector<wire::Ref>{{"packages", "linux-image"}, {"sysctl", "vm.nr_hugepages"}}));
    EXPECT_EQ(required->boot, Moment::now().boot);
    EXPECT_FALSE(required->since.empty());
    for (int i = 0; i < 50; ++i) add({{"packages", std::to_string(i)}});
    EXPECT_EQ((*store->reboot_required())->resources.size(), RebootRequired::kResourcesMost);
    // As after a boot.
    RebootRequired before = *required;
    before.boot = "another";
    auto txn = store->env().write();
    ASSERT_TRUE(txn && store->put_reboot_required(*txn, before) && txn->commit());
    EXPECT_FALSE(*store->reboot_required());
    add({{"packages", "new"}});
    EXPECT_EQ((*store->reboot_required())->resources.size(), 1U);
}

TEST_F(Stored, ThatASecretWasLeftIsKeptUntilItIsReplaced) {
    Description description = motd();
    description.metadata.left_secret = true;
    put(description, Tombstone{{"files", "/gone"}, {}, true});
    open();
    auto loaded = store->load();
    ASSERT_TRUE(loaded && loaded->metadata.size() == 1 && loaded->tombstones.size() == 1);
    EXPECT_TRUE(loaded->metadata[0].left_secret);
    EXPECT_FALSE(loaded->metadata[0].sensitive);
    EXPECT_TRUE(loaded->tombstones[0].left_secret);

    description.metadata.left_secret = false;
    Metadata other = description.metadata;
    other.generation.revision = 6;
    other.left_secret = true;
    for (const Metadata& each : {description.metadata, other}) {
        auto txn = store->env().write();
        ASSERT_TRUE(store->put_metadata(*txn, each) && txn->commit());
    }
    const auto back = store->description(description.metadata.ref);
    ASSERT_TRUE(back && *back);
    EXPECT_FALSE((*back)->metadata.left_secret) << "of another description nothing is taken over";
    EXPECT_EQ((*back)->body, description.body);
}

TEST_F(Stored, AnUpgradedBodyTakesThePlaceOfTheOneThatItWasMadeOfAlone) {
    put(motd());
    Description upgraded = store->description(motd().metadata.ref).value().value();
    upgraded.metadata.schema_version = 3;
    upgraded.body.as_object().set("mode", "0644");
    const auto put_upgraded = [&] {
        auto txn = store->env().write();
        const bool written = store->put_upgraded(*txn, upgraded).value();
        EXPECT_TRUE(txn->commit());
        return written;
    };
    EXPECT_TRUE(put_upgraded());
    {
        // Of a run that began before.
        auto txn = store->env().write();
        ASSERT_TRUE(store->put_metadata(*txn, motd().metadata) && txn->commit());
    }
    auto back = store->description(motd().metadata.ref).value().value();
    EXPECT_EQ(back.body, upgraded.body);
    EXPECT_EQ(back.metadata.schema_version, 3U);
    // The same generation once more, as a local one has none at all.
    put(motd());
    EXPECT_FALSE(put_upgraded());
    back = store->description(motd().metadata.ref).value().value();
    EXPECT_EQ(back.body, motd().body);
    EXPECT_EQ(back.metadata.schema_version, 2U);
}

TEST_F(Stored, CommandsAndEventsAreLoadedAtStart) {
    InboxCommand inbox;
    inbox.id = "cmd_1";
    inbox.verb = wire::Verb::apply;
    inbox.order = 3;
    wire::ResourceRequest request;
    request.ref = {"files", "/etc/motd"};
    inbox.resources.push_back(request);
    store->number_bodies(inbox);
    put_new(inbox);
    inbox.state = InboxCommand::State::running;
    OutboxEvent outbox_event;
    outbox_event.seq = 41;
    outbox_event.kind = wire::EventKind::command_outcome;
    outbox_event.about = {{"files", "/etc/motd"}};
    outbox_event.command = "cmd_0";
    outbox_event.data = "{}";
    put(inbox, outbox_event, wire::StreamPosition{"stream_1", 12},
        HeldCollection{"files", "files 0.1.0", "crashed"});
    open();
    const auto loaded = store->load();
    ASSERT_TRUE(loaded) << loaded.error().what;
    ASSERT_EQ(loaded->inbox.size(), 1U);
    EXPECT_EQ(loaded->inbox[0].state, InboxCommand::State::running);
    EXPECT_EQ(loaded->inbox[0].order, 3U);
    EXPECT_EQ(loaded->inbox[0].resources[0].ref, request.ref);
    ASSERT_EQ(loaded->outbox.size(), 1U);
    EXPECT_EQ(loaded->outbox[0].seq, 41U);
    EXPECT_EQ(loaded->outbox[0].command, "cmd_0");
    EXPECT_EQ(loaded->outbox_last, 41U);
    EXPECT_EQ(loaded->position.seq, 12U);
    ASSERT_EQ(loaded->held_collections.size(), 1U);
    EXPECT_EQ(loaded->held_collections[0].reason, "crashed");
}

TEST_F(Stored, AnEventHasAsManyBytesBeforeARestartAsAfterIt) {
    std::vector<std::size_t> before;
    for (const std::size_t size : {0U, 1U, 2U, 3U, 1000U}) {
        OutboxEvent event;
        event.seq = before.size() + 1;
        event.kind = wire::EventKind::resource_drifted;
        event.time = "2026-11-23T05:36:53.120Z";
        event.about = {{"files", "/etc/motd"}};
        event.data = std::string(size, 'x');
        before.push_back(AgentStore::bytes_of(event));
        put(event);
    }
    open();
    EXPECT_EQ(store->load()->outbox_bytes, before);
}

TEST_F(Stored, TheLastNumberOutlivesItsEvent) {
    OutboxEvent outbox_event;
    outbox_event.seq = 5;
    outbox_event.kind = wire::EventKind::resource_drifted;
    outbox_event.data = "{}";
    put(outbox_event);
    auto txn = store->env().write();
    ASSERT_TRUE(store->drop_events(*txn, 1, 5));
    ASSERT_TRUE(txn->commit());
    open();
    EXPECT_EQ(store->load()->outbox_last, 5U);
    EXPECT_TRUE(store->load()->outbox.empty());
}

TEST_F(Stored, RemovalsAreBounded) {
    auto txn = store->env().write();
    for (std::uint64_t revision = 1; revision <= AgentStore::kTombstonesMost + 5; ++revision) {
        ASSERT_TRUE(store->put(
            *txn, Tombstone{{"files", "/" + std::to_string(revision)}, {"stream_1", revision}}));
    }
    ASSERT_TRUE(txn->commit());
    const auto loaded = store->load();
    ASSERT_EQ(loaded->tombstones.size(), AgentStore::kTombstonesMost);
    EXPECT_EQ(loaded->tombstones.front().generation.revision, 6U);
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
