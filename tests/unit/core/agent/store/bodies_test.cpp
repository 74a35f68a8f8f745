#include <gtest/gtest.h>

#include "core/agent/store/agent_store.hpp"
#include "tests/unit/core/temp_folder.hpp"

// A body is stored once, for the command that brought it and the description that it became.
namespace evenkeel::agent {
namespace {

const wire::Ref kMotd{"files", "/etc/motd"};

class Bodies : public testing::Test {
  protected:
    void SetUp() override { open(); }
    void open() {
        store.reset();
        auto opened = AgentStore::open(folder / "state");
        ASSERT_TRUE(opened) << opened.error().what;
        store.emplace(std::move(*opened));
    }

    void change(const std::function<Result<void>(store::WriteTxn&)>& work) {
        auto txn = store->env().write();
        const auto done = work(*txn);
        ASSERT_TRUE(done) << done.error().what;
        ASSERT_TRUE(txn->commit());
    }

    InboxCommand accept(const std::string& id, const std::string& content) {
        InboxCommand command;
        command.id = id;
        command.verb = wire::Verb::apply;
        wire::ResourceRequest request;
        request.ref = kMotd;
        request.description = json::Object{{"content", content}};
        command.resources.push_back(request);
        store->number_bodies(command);
        change([&](store::WriteTxn& txn) { return store->put_new(txn, command); });
        return command;
    }
    void put(const InboxCommand& command) {
        change([&](store::WriteTxn& txn) { return store->put(txn, command); });
    }
    // Its turn has come: its description is the one.
    void begin(InboxCommand& command) {
        command.state = InboxCommand::State::running;
        Description description{{}, command.resources[0].description, command.body_numbers[0]};
        description.metadata.ref = kMotd;
        change([&](store::WriteTxn& txn) -> Result<void> {
            EK_CHECK(store->put(txn, command));
            return store->put(txn, description);
        });
    }
    void finish(InboxCommand command) {
        command.state = InboxCommand::State::finished;
        put(command);
    }

    std::size_t count(const char* table) {
        return *store->env().read()->count(store->env().table(table));
    }
    std::string described() {
        const auto body = store->body(kMotd);
        return body && *body ? (*body)->string_or("content") : "";
    }
    std::string asked_by(const std::string& id) {
        const auto loaded = store->load();
        EXPECT_TRUE(loaded) << loaded.error().what;
        for (const InboxCommand& command : loaded->inbox) {
            if (command.id == id) return command.resources.at(0).description.string_or("content");
        }
        return "";
    }

    test::TempFolder folder;
    std::optional<AgentStore> store;
};

TEST_F(Bodies, CommandAndDescriptionShareOne) {
    InboxCommand one = accept("cmd_1", "one");
    begin(one);
    EXPECT_EQ(count("bodies"), 1U);
    open();
    EXPECT_EQ(described(), "one");
    EXPECT_EQ(asked_by("cmd_1"), "one");
    finish(one);
    EXPECT_EQ(count("bodies"), 1U);
    EXPECT_EQ(count("inbox_bodies"), 0U);
    EXPECT_EQ(described(), "one");
}

TEST_F(Bodies, OneThatNobodyRefersToIsGone) {
    InboxCommand one = accept("cmd_1", "one");
    begin(one);
    finish(one);
    InboxCommand two = accept("cmd_2", "two");
    EXPECT_EQ(count("bodies"), 2U);
    EXPECT_EQ(described(), "one");
    begin(two);
    EXPECT_EQ(count("bodies"), 1U);
    EXPECT_EQ(described(), "two");
    finish(two);
    change([&](store::WriteTxn& txn) { return store->drop(txn, kMotd); });
    EXPECT_EQ(count("bodies"), 0U);
}

TEST_F(Bodies, ACommandThatNeverBeganTakesItsOwnAway) {
    InboxCommand one = accept("cmd_1", "one");
    begin(one);
    finish(one);
    finish(accept("cmd_2", "two"));
    EXPECT_EQ(count("bodies"), 1U);
    EXPECT_EQ(described(), "one");
    change([&](store::WriteTxn& txn) {
        store->number_bodies(one);
        one.state = InboxCommand::State::accepted;
        return store->put_new(txn, one);
    });
    change([&](store::WriteTxn& txn) { return store->drop_inbox(txn, "cmd_1"); });
    EXPECT_EQ(count("bodies"), 1U);
}

TEST_F(Bodies, AnUnfinishedCommandKeepsItsOwnWhenItsDescriptionIsReplaced) {
    InboxCommand one = accept("cmd_1", "one");
    begin(one);
    InboxCommand two = accept("cmd_2", "two");
    begin(two);
    open();
    EXPECT_EQ(described(), "two");
    EXPECT_EQ(asked_by("cmd_1"), "one");
    finish(one);
    EXPECT_EQ(count("bodies"), 1U);
    EXPECT_EQ(described(), "two");
    EXPECT_EQ(asked_by("cmd_2"), "two");
}

TEST_F(Bodies, AnUnfinishedCommandKeepsItsOwnWhenTheDescriptionIsDropped) {
    InboxCommand one = accept("cmd_1", "one");
    begin(one);
    change([&](store::WriteTxn& txn) { return store->drop(txn, kMotd); });
    open();
    EXPECT_EQ(described(), "");
    EXPECT_EQ(asked_by("cmd_1"), "one");
    begin(one);
    EXPECT_EQ(described(), "one");
    finish(one);
    EXPECT_EQ(count("bodies"), 1U);
}

TEST_F(Bodies, OneThatDiffersFromTheCommandsIsWrittenBesideIt) {
    InboxCommand one = accept("cmd_1", "one");
    Description upgraded{{}, json::Object{{"content", "upgraded"}}, 0};
    upgraded.metadata.ref = kMotd;
    begin(one);
    change([&](store::WriteTxn& txn) { return store->put(txn, upgraded); });
    EXPECT_EQ(described(), "upgraded");
    EXPECT_EQ(asked_by("cmd_1"), "one");
    begin(one);
    finish(one);
    EXPECT_EQ(described(), "one");
    EXPECT_EQ(count("bodies"), 1U);
}

TEST_F(Bodies, ANumberIsNeverTwoBodiesAfterARestart) {
    InboxCommand one = accept("cmd_1", "one");
    begin(one);
    open();
    const InboxCommand two = accept("cmd_2", "two");
    EXPECT_NE(one.body_numbers, two.body_numbers);
    EXPECT_EQ(described(), "one");
    EXPECT_EQ(asked_by("cmd_1"), "one");
}

}  // namespace
}  // namespace evenkeel::agent
