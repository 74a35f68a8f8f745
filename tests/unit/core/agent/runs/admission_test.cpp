#include "core/agent/runs/admission.hpp"

#include <future>

#include <gtest/gtest.h>

#include "core/agent/compliance/checker.hpp"
#include "core/agent/compliance/compliance_tracker.hpp"
#include "core/agent/lanes/collection_registry.hpp"
#include "core/agent/model/catalog.hpp"
#include "core/agent/runs/command_end.hpp"
#include "core/agent/runs/repair_scheduler.hpp"
#include "core/store/writer.hpp"
#include "tests/support/wait.hpp"
#include "tests/unit/core/temp_folder.hpp"

namespace evenkeel::agent {
namespace {

using link::Disposition;

// A store that takes one work at a time, so that a test can have it refuse one.
class AdmissionTest : public testing::Test {
  protected:
    void take(std::uint64_t seq) {
        wire::Command command;
        command.id = "cmd_" + std::to_string(seq);
        command.stream = "stream_o";
        command.seq = seq;
        command.verb = wire::Verb::forget;
        command.timeout = std::chrono::seconds(60);
        command.resources.emplace_back().ref = {"notes", "one"};
        admission.take(command, [this, seq](Disposition got) { answers[seq] = got; });
    }
    Disposition answer(std::uint64_t seq) {
        const bool is_there =
            loop.run_until([&] { return answers.contains(seq); }, evenkeel::test::kPatience);
        EXPECT_TRUE(is_there) << seq;
        if (!is_there) return Disposition::reject;
        return answers.extract(seq).mapped();
    }
    // Until the test lets go, the writer is busy and its queue full.
    void block() {
        ASSERT_TRUE(writer.submit(
            [this](store::WriteTxn&) -> Result<void> {
                working.set_value();
                let_go.get_future().wait();
                return {};
            },
            {}));
        working.get_future().wait();
        ASSERT_TRUE(writer.submit([](store::WriteTxn&) -> Result<void> { return {}; }, {}));
    }
    void unblock() {
        let_go.set_value();
        while (writer.depth() > 0) std::this_thread::yield();
    }
    std::uint64_t stored() { return store->load()->position.seq; }

    evenkeel::test::TempFolder folder;
    run::Loop loop;
    std::shared_ptr<AgentStore> store =
        std::make_shared<AgentStore>(std::move(AgentStore::open(folder / "state").value()));
    store::Writer writer{store->env(), loop.poster(), {.queue_depth_max = 1, .batch_max = 1}};
    Journal journal{*store, writer, loop, {}, true};
    Catalog catalog;
    CollectionRegistry registry;
    ComplianceTracker tracker{catalog, journal, loop};
    Checker checker{catalog, registry, tracker, loop, store};
    RepairScheduler repairs{catalog, tracker, loop, {}};
    Engine engine{{catalog, registry, journal, tracker, checker, repairs, loop, store}};
    Admission admission{journal, engine};
    std::map<std::uint64_t, Disposition> answers;
    std::promise<void> working, let_go;
};

TEST_F(AdmissionTest, WhatFollowsACommandThatCannotBeStoredIsReleasedTooAlsoWhenItWasUnderWay) {
    admission.begin_stream("stream_o");
    block();
    take(1);  // refused; its release is told once the loop turns
    unblock();
    take(2);
    EXPECT_EQ(answer(2), Disposition::release);
    EXPECT_EQ(answer(1), Disposition::release);
    EXPECT_EQ(stored(), 0U);
    EXPECT_EQ(admission.mark().seq, 0U);
    take(1);
    EXPECT_EQ(answer(1), Disposition::accept);
    EXPECT_EQ(stored(), 1U);
}

TEST_F(AdmissionTest, ThePositionNeverFalls) {
    admission.begin_stream("stream_o");
    block();
    take(1);
    unblock();
    take(2);
    answer(2);
    std::uint64_t before = 0;
    for (std::uint64_t seq = 1; seq <= 2; ++seq) {
        for (Disposition got = Disposition::release; got == Disposition::release;) {
            take(seq);
            got = answer(seq);
            EXPECT_GE(stored(), before);
            before = stored();
        }
    }
    EXPECT_EQ(before, 2U);
    EXPECT_EQ(admission.mark().seq, 2U);
}

// A clock that is set is no reason to expire: what counts after a restart is the monotonic clock.
TEST_F(AdmissionTest, AfterARestartTheRestOfATimeoutIsMeasuredByTheMonotonicClock) {
    for (const std::int64_t step : {86'400'000LL, -86'400'000LL}) {
        InboxCommand left;
        left.id = "cmd_" + std::to_string(step);
        left.verb = wire::Verb::apply;
        left.timeout = std::chrono::seconds(60);
        left.received = Moment::now();
        left.received.wall_ms -= step;
        left.resources.emplace_back().ref = {"notes", "one"};
        admission.resume({left}, {"stream_o", 1});
        ASSERT_TRUE(
            loop.run_until([this] { return engine.unfinished() == 0; }, evenkeel::test::kPatience));
        const auto outbox = store->load()->outbox;
        ASSERT_FALSE(outbox.empty());
        const auto outcome = store->outbox_event(outbox.back().seq).value();
        EXPECT_NE(outcome->data.find("\"state\":\"failed\""), std::string::npos) << outcome->data;
    }
}

TEST(Moments, CompareByTheMonotonicClockWithinABootAndByTheWallClockAfterIt) {
    using std::chrono::milliseconds;
    const Moment from{"boot", 1'000, 50'000};
    EXPECT_EQ(time_between(from, {"boot", 1'500, 9'000'000}), milliseconds(500));
    EXPECT_EQ(time_between(from, {"boot", 1'500, 0}), milliseconds(500));
    EXPECT_EQ(time_between(from, {"other", 10, 57'000}), milliseconds(7'000));
    EXPECT_EQ(time_between(from, {"other", 10, 40'000}), milliseconds(0));
    EXPECT_EQ(time_between({"", 1'000, 50'000}, {"", 2'000, 51'500}), milliseconds(1'500));
    EXPECT_LT(time_since(Moment::now()), milliseconds(1'000));
}

}  // namespace
}  // namespace evenkeel::agent
