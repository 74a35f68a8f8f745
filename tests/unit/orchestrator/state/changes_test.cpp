#include "orchestrator/state/changes.hpp"

#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/enrolments.hpp"
#include "orchestrator/state/hosts.hpp"
#include "orchestrator/state/plans.hpp"
#include "orchestrator/state/tokens.hpp"
#include "tests/unit/orchestrator/fixture.hpp"

namespace evenkeel::state {
namespace {

class ChangesTest : public test::StateTest {
  protected:
    void SetUp() override {
        StateTest::SetUp();
        state_->listen([this](const Changes& changes) { heard_.push_back(changes); });
    }
    // What the listeners heard of one change.
    Changes of(const State::Work& work) {
        heard_.clear();
        change(work);
        EXPECT_EQ(heard_.size(), 1U);
        return heard_.empty() ? Changes() : heard_.front();
    }
    Command queued(const std::string& id) {
        Command command;
        command.id = id;
        command.host = host_;
        command.seq = 1;
        return command;
    }
    std::vector<Changes> heard_;
};

TEST_F(ChangesTest, EventsAreToldWithTheirTypesAndRevisionsInOrder) {
    const std::uint64_t before = *read().revision();
    const Changes changes = of([&](Edit& edit) -> Result<void> {
        EK_CHECK(edit.add_event(EventType::agent_shed, host_, host_, json::Object{}));
        EK_CHECK(edit.add_event(EventType::agent_blind, host_, host_, json::Object{}));
        return {};
    });
    ASSERT_EQ(changes.events.size(), 2U);
    EXPECT_EQ(changes.events[0].type, "agent.shed");
    EXPECT_EQ(changes.events[0].revision, before + 1);
    EXPECT_EQ(changes.events[1].type, "agent.blind");
    EXPECT_EQ(changes.events[1].revision, before + 2);
    EXPECT_TRUE(changes.hosts.empty());
}

TEST_F(ChangesTest, WhatCannotBeReadAtItsCommitIsToldLaterAndInOrder) {
    const auto add = [this](EventType type) {
        change([&](Edit& edit) -> Result<void> {
            EK_CHECK(edit.add_event(type, host_, host_, json::Object{}));
            return {};
        });
    };
    auto readers = take_all_readers();
    add(EventType::agent_shed);
    EXPECT_TRUE(heard_.empty());
    readers.clear();
    add(EventType::agent_blind);
    ASSERT_EQ(heard_.size(), 1U);
    ASSERT_EQ(heard_[0].events.size(), 2U);
    EXPECT_EQ(heard_[0].events[0].type, "agent.shed");
    EXPECT_EQ(heard_[0].events[1].type, "agent.blind");
    // Without another commit too; and nothing is told twice.
    readers = take_all_readers();
    add(EventType::agent_shed);
    EXPECT_EQ(heard_.size(), 1U);
    readers.clear();
    ASSERT_TRUE(loop_.run_until([this] { return heard_.size() > 1; }, test::kPatience));
    ASSERT_EQ(heard_[1].events.size(), 1U);
    EXPECT_EQ(heard_[1].events[0].type, "agent.shed");
}

TEST_F(ChangesTest, AListenerGetsWhatTheChangesWereReadFrom) {
    std::string name;
    state_->listen([&](const Changes& changes, const View& now) {
        for (const std::string& id : changes.hosts) name = (*now.hosts().find(id))->name;
    });
    auto readers = take_all_readers();
    readers.pop_back();  // one is enough
    change([&](Edit& edit) -> Result<void> {
        Host host = *EK_TRY(edit.hosts().find(host_));
        host.name = "web9";
        return edit.hosts().put(host);
    });
    EXPECT_EQ(name, "web9");
}

TEST_F(ChangesTest, ACommandIsToldByItsHostAndByItsIdWhenItEnds) {
    Command command = queued("cmd_1");
    const Changes added = of([&](Edit& edit) { return edit.commands().add(command); });
    EXPECT_TRUE(added.ended_commands.empty());
    EXPECT_EQ(added.queues, std::vector<std::string>{host_});
    EXPECT_EQ(added.events.size(), 1U);
    command.state = CommandState::sent;
    const Changes sent = of([&](Edit& edit) { return edit.commands().put(command); });
    EXPECT_TRUE(sent.ended_commands.empty());
    command.state = CommandState::failed;
    const Changes ended = of([&](Edit& edit) { return edit.commands().put(command); });
    EXPECT_EQ(ended.ended_commands, std::vector<std::string>{"cmd_1"});
    EXPECT_EQ(ended.queues, std::vector<std::string>{host_}) << "it may be compared now";
}

TEST_F(ChangesTest, HostsTokensAndEnrolmentsAreToldById) {
    const Changes changes = of([&](Edit& edit) -> Result<void> {
        Host host = *EK_TRY(edit.hosts().find(host_));
        EK_CHECK(edit.hosts().put(host));
        EK_CHECK(edit.tokens().put({.id = "ekp_1",
                                    .hash = "h",
                                    .name = "n",
                                    .role = Role::viewer,
                                    .created_at = "",
                                    .created_by = ""}));
        Enrolment enrolment;
        enrolment.fingerprint = std::string(64, 'f');
        enrolment.state = EnrolmentState::pending;
        Plan plan{.id = "plan_1"};
        EK_CHECK(edit.plans().add(plan, {}, ""));
        return edit.enrolments().put(enrolment);
    });
    EXPECT_EQ(changes.plans, std::vector<std::string>{"plan_1"});
    EXPECT_EQ(changes.hosts, std::vector<std::string>{host_});
    EXPECT_EQ(changes.tokens, std::vector<std::string>{"ekp_1"});
    EXPECT_EQ(changes.enrolments, std::vector<std::string>{std::string(64, 'f')});
}

TEST_F(ChangesTest, WhatFailedOrHasNothingToWaitForIsNotTold) {
    EXPECT_FALSE(try_change([&](Edit& edit) -> Result<void> {
        EK_CHECK(edit.hosts().put_certificate("f", host_));
        return fail(Errc::conflict, "no");
    }));
    change([&](Edit& edit) { return edit.hosts().put_name("other", host_); });
    EXPECT_TRUE(heard_.empty());
}

}  // namespace
}  // namespace evenkeel::state
