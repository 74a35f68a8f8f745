#include "core/agent/store/outbox.hpp"

#include <gtest/gtest.h>

namespace evenkeel::agent {
namespace {

using wire::EventKind;

const std::size_t kMotd = Outbox::about_of({"files", "/etc/motd"});
const std::size_t kHosts = Outbox::about_of({"files", "/etc/hosts"});

Outbox::Place add(Outbox& outbox, EventKind kind, std::vector<std::size_t> about,
                  std::size_t bytes = 100) {
    const auto place = outbox.place(kind, std::move(about), bytes);
    outbox.written(place.seq);
    return place;
}

std::vector<std::uint64_t> send_all(Outbox& outbox) {
    std::vector<std::uint64_t> seqs;
    while (const auto seq = outbox.next()) {
        outbox.sent(*seq);
        seqs.push_back(*seq);
    }
    return seqs;
}

TEST(Outbox, NumbersHaveNoHolesAndOrderIsKept) {
    Outbox outbox({});
    for (std::uint64_t seq = 1; seq <= 5; ++seq) {
        EXPECT_EQ(add(outbox, EventKind::command_outcome, {kMotd}).seq, seq);
    }
    EXPECT_EQ(send_all(outbox), (std::vector<std::uint64_t>{1, 2, 3, 4, 5}));
}

TEST(Outbox, ANewerDriftTakesThePlaceOfAnUnsentOne) {
    Outbox outbox({});
    add(outbox, EventKind::resource_drifted, {kMotd});
    add(outbox, EventKind::resource_drifted, {kHosts});
    const auto again = add(outbox, EventKind::resource_drifted, {kMotd});
    EXPECT_TRUE(again.replaces);
    EXPECT_EQ(again.seq, 1U);
    EXPECT_EQ(outbox.size(), 2U);
}

TEST(Outbox, DriftAndRepairAreBothDelivered) {
    Outbox outbox({});
    add(outbox, EventKind::resource_drifted, {kMotd});
    add(outbox, EventKind::resource_repaired, {kMotd});
    EXPECT_FALSE(add(outbox, EventKind::resource_drifted, {kMotd}).replaces);
    EXPECT_EQ(outbox.size(), 3U);
}

TEST(Outbox, AnOutcomeAboutTheResourceStandsBetween) {
    Outbox outbox({});
    add(outbox, EventKind::resource_drifted, {kMotd});
    add(outbox, EventKind::command_outcome, {kHosts, kMotd});
    EXPECT_FALSE(add(outbox, EventKind::resource_drifted, {kMotd}).replaces);
}

TEST(Outbox, WhatTheOrchestratorMayHaveIsNotReplaced) {
    Outbox outbox({});
    add(outbox, EventKind::resource_drifted, {kMotd});
    send_all(outbox);
    outbox.rewind();
    EXPECT_FALSE(add(outbox, EventKind::resource_drifted, {kMotd}).replaces);
    Outbox reopened({});
    reopened.load({1, EventKind::resource_drifted, {kMotd}, 100, 0, false, false, 0, 0});
    EXPECT_FALSE(add(reopened, EventKind::resource_drifted, {kMotd}).replaces);
}

TEST(Outbox, NothingOvertakesWhatIsBeingWritten) {
    Outbox outbox({});
    outbox.place(EventKind::resource_drifted, {kMotd}, 100);
    add(outbox, EventKind::resource_drifted, {kHosts});
    EXPECT_FALSE(outbox.next());
    outbox.written(1);
    EXPECT_EQ(send_all(outbox), (std::vector<std::uint64_t>{1, 2}));
}

TEST(Outbox, AReplacementUnderWayHoldsItsEventBack) {
    Outbox outbox({});
    add(outbox, EventKind::resource_drifted, {kMotd});
    EXPECT_TRUE(outbox.place(EventKind::resource_drifted, {kMotd}, 100).replaces);
    EXPECT_FALSE(outbox.next());
    outbox.written(1);
    EXPECT_EQ(outbox.next(), 1U);
}

TEST(Outbox, UnansweredEventsAreSentAgainInOrder) {
    Outbox outbox({});
    for (int i = 0; i < 4; ++i) add(outbox, EventKind::command_outcome, {kMotd});
    send_all(outbox);
    EXPECT_TRUE(outbox.accepted(1));
    EXPECT_FALSE(outbox.accepted(1));
    outbox.rewind();
    EXPECT_EQ(send_all(outbox), (std::vector<std::uint64_t>{2, 3, 4}));
    EXPECT_EQ(outbox.accepted_through(3), (std::vector<std::uint64_t>{2, 3}));
    EXPECT_EQ(outbox.in_flight(), 1U);
}

TEST(Outbox, ShedsTheOlderHalfOfTelemetryAsOneExplainedRun) {
    Outbox outbox({.events = 6, .bytes = 1 << 20});
    for (int i = 0; i < 7; ++i)
        add(outbox, EventKind::resource_drifted, {static_cast<std::size_t>(i)});
    const auto sheds = outbox.shed_over_limit();
    ASSERT_EQ(sheds.size(), 1U);
    EXPECT_EQ(sheds[0].from, 1U);
    EXPECT_EQ(sheds[0].to, 4U);
    EXPECT_EQ(sheds[0].count, 4U);
    outbox.written(4);
    EXPECT_EQ(send_all(outbox), (std::vector<std::uint64_t>{4, 5, 6, 7}));
}

TEST(Outbox, NeverShedsOutcomesNorWhatIsOnItsWay) {
    Outbox outbox({.events = 3, .bytes = 1 << 20});
    add(outbox, EventKind::resource_drifted, {1});
    outbox.sent(1);
    add(outbox, EventKind::command_outcome, {kMotd});
    add(outbox, EventKind::description_changed, {kMotd});
    add(outbox, EventKind::resource_drifted, {2});
    const auto sheds = outbox.shed_over_limit();
    ASSERT_EQ(sheds.size(), 1U);
    EXPECT_EQ(sheds[0].from, 4U);
    EXPECT_EQ(sheds[0].to, 4U);
    EXPECT_EQ(outbox.find(1)->kind, EventKind::resource_drifted);
    EXPECT_EQ(outbox.find(2)->kind, EventKind::command_outcome);
    EXPECT_EQ(outbox.find(4)->kind, EventKind::agent_shed);
}

TEST(Outbox, SheddingAgainGrowsTheExplanationBesideIt) {
    Outbox outbox({.events = 4, .bytes = 1 << 20});
    for (std::size_t i = 0; i < 5; ++i) add(outbox, EventKind::resource_drifted, {i});
    outbox.shed_over_limit();
    outbox.written(3);
    for (std::size_t i = 5; i < 8; ++i) add(outbox, EventKind::resource_drifted, {i});
    const auto sheds = outbox.shed_over_limit();
    ASSERT_EQ(sheds.size(), 1U);
    EXPECT_EQ(sheds[0].from, 1U);
    EXPECT_EQ(sheds[0].to, 6U);
    EXPECT_EQ(sheds[0].count, 6U);
    EXPECT_EQ(outbox.size(), 3U);
}

TEST(Outbox, AnExplanationThatIsBeingWrittenKeepsItsNumber) {
    Outbox outbox({.events = 4, .bytes = 1 << 20});
    for (std::size_t i = 0; i < 5; ++i) add(outbox, EventKind::resource_drifted, {i});
    ASSERT_EQ(outbox.shed_over_limit().at(0).to, 3U);
    for (std::size_t i = 5; i < 8; ++i) add(outbox, EventKind::resource_drifted, {i});
    const auto sheds = outbox.shed_over_limit();
    ASSERT_EQ(sheds.size(), 1U);
    EXPECT_EQ(sheds[0].from, 4U);
    outbox.written(3);
    outbox.written(sheds[0].to);
    EXPECT_EQ(send_all(outbox).size(), outbox.size());
}

TEST(Outbox, ALostNumberIsExplained) {
    Outbox outbox({});
    outbox.place(EventKind::command_outcome, {kMotd}, 100);
    outbox.lost(1);
    EXPECT_EQ(outbox.find(1)->kind, EventKind::agent_shed);
    EXPECT_EQ(outbox.find(1)->shed_from, 1U);
    EXPECT_FALSE(outbox.next());
    EXPECT_EQ(outbox.take_due().size(), 1U);
    EXPECT_TRUE(outbox.take_due().empty());
    EXPECT_FALSE(outbox.next());
    outbox.written(1);
    EXPECT_EQ(outbox.next(), 1U);
}

TEST(Outbox, ALostNumberWaitsForItsExplanationAlsoWhenARepeatWasUnderWay) {
    Outbox outbox({});
    outbox.place(EventKind::resource_drifted, {kMotd}, 100);
    EXPECT_TRUE(outbox.place(EventKind::resource_drifted, {kMotd}, 100).replaces);
    outbox.lost(1);
    outbox.written(1);  // what became of the repeat
    EXPECT_FALSE(outbox.next());
    outbox.written(1);  // the explanation
    EXPECT_EQ(outbox.next(), 1U);
}

TEST(Outbox, LostNumbersSideBySideHaveOneExplanation) {
    Outbox outbox({});
    add(outbox, EventKind::command_outcome, {kMotd});
    for (std::size_t i = 0; i < 474; ++i) {
        outbox.lost(outbox.place(EventKind::resource_drifted, {i}, 100).seq);
    }
    auto sheds = outbox.take_due();
    ASSERT_EQ(sheds.size(), 1U);
    EXPECT_EQ(sheds[0].from, 2U);
    EXPECT_EQ(sheds[0].to, 475U);
    EXPECT_EQ(sheds[0].count, 474U);
    // It could not be written, and more was lost meanwhile.
    outbox.lost(475);
    outbox.lost(outbox.place(EventKind::resource_drifted, {kMotd}, 100).seq);
    sheds = outbox.take_due();
    ASSERT_EQ(sheds.size(), 1U);
    EXPECT_EQ(sheds[0].count, 475U);
    outbox.written(476);
    // One that the store has grows too, unless it is on its way.
    outbox.lost(outbox.place(EventKind::resource_drifted, {kMotd}, 100).seq);
    sheds = outbox.take_due();
    ASSERT_EQ(sheds.size(), 1U);
    EXPECT_EQ(sheds[0].from, 2U);
    EXPECT_EQ(sheds[0].to, 477U);
    outbox.written(477);
    EXPECT_EQ(send_all(outbox), (std::vector<std::uint64_t>{1, 477}));
    outbox.lost(outbox.place(EventKind::resource_drifted, {kMotd}, 100).seq);
    EXPECT_EQ(outbox.take_due().at(0).from, 478U);
    EXPECT_EQ(outbox.bytes(), 100U + 2 * outbox.find(477)->bytes);
}

TEST(Outbox, BytesCountWhatWaits) {
    Outbox outbox({.events = 1000, .bytes = 1000});
    add(outbox, EventKind::resource_drifted, {1}, 600);
    EXPECT_TRUE(outbox.shed_over_limit().empty());
    add(outbox, EventKind::resource_drifted, {1}, 500);
    EXPECT_EQ(outbox.bytes(), 500U);
    outbox.accepted(1);
    EXPECT_EQ(outbox.bytes(), 0U);
}

}  // namespace
}  // namespace evenkeel::agent
