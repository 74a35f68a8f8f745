#include "orchestrator/bus/offline_records.hpp"

#include <future>

#include "orchestrator/hosts/presence.hpp"
#include "tests/unit/orchestrator/fixture.hpp"

namespace evenkeel::bus {
namespace {

// A host that is recorded as online, and a store whose queue holds one change.
class OfflineRecordsTest : public test::StateTest {
  protected:
    void SetUp() override {
        StateTest::SetUp();
        change([&](state::Edit& edit) -> Result<void> {
            state::Host host = *EK_TRY(edit.hosts().find(host_));
            host.connection = state::Connection::online;
            return edit.hosts().put(host);
        });
        state_.reset();
        state_ = *state::State::open(folder_ / "store", loop_, {.queue_depth_max = 1});
        records_.emplace(loop_, *state_, presence_, [this](const std::string&) {
            ++asked_;
            return is_online_;
        });
    }
    void TearDown() override {
        records_.reset();
        StateTest::TearDown();
    }

    // The link goes while the store takes nothing more; it does again afterwards.
    void lose_link_while_the_store_is_busy() {
        std::promise<void> begun;
        std::promise<void> end;
        std::future<void> ended = end.get_future();
        int answers = 0;
        const auto count = [&answers](const Result<void>&) { ++answers; };
        const auto block = [&](state::Edit&) -> Result<void> {
            begun.set_value();
            ended.wait();
            return {};
        };
        state_->submit(block, count);
        begun.get_future().wait();
        state_->submit([](state::Edit&) -> Result<void> { return {}; }, count);
        records_->add(host_);  // busy: the queue is full
        end.set_value();
        ASSERT_TRUE(loop_.run_until([&] { return answers == 2; }, test::kPatience));
        ASSERT_EQ(connection(), state::Connection::online);
    }
    state::Connection connection() { return (*read().hosts().find(host_))->connection; }
    bool is_asked_again() {
        const int before = asked_;
        return loop_.run_until([&] { return asked_ > before; }, test::kPatience);
    }
    bool is_recorded() {
        return loop_.run_until([&] { return connection() == state::Connection::offline; },
                               test::kPatience);
    }

    hosts::Presence presence_{std::chrono::milliseconds(10), 0};
    bool is_online_ = false;
    int asked_ = 0;
    std::optional<OfflineRecords> records_;
};

TEST_F(OfflineRecordsTest, WhatTheStoreDoesNotTakeIsTriedAgain) {
    lose_link_while_the_store_is_busy();
    EXPECT_TRUE(is_recorded());
}

TEST_F(OfflineRecordsTest, AHostThatIsBackMeanwhileStaysOnline) {
    lose_link_while_the_store_is_busy();
    is_online_ = true;
    presence_.set_link(host_, true);
    ASSERT_TRUE(is_asked_again());
    change([](state::Edit&) -> Result<void> { return {}; });  // behind what may be under way
    EXPECT_EQ(connection(), state::Connection::online);
}

TEST_F(OfflineRecordsTest, ALinkWhoseHelloIsUnderWayMayStillFail) {
    lose_link_while_the_store_is_busy();
    presence_.set_link(host_, true);
    ASSERT_TRUE(is_asked_again());
    change([](state::Edit&) -> Result<void> { return {}; });
    EXPECT_EQ(connection(), state::Connection::online);
    presence_.set_link(host_, false);
    EXPECT_TRUE(is_recorded());
}

}  // namespace
}  // namespace evenkeel::bus
