#include "core/agent/store/outbox.hpp"

#include <gtest/gtest.h>

namespace evenkeel::agent {
namespace {

const std::size_t kMotd = Outbox::about_of({"files", "/etc/motd"});
const std::size_t kHosts = Outbox::about_of({"files", "/etc/hosts"});

Outbox::Place add(Outbox& outbox, const char* kind, std::vector<std::size_t> about,
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
        EXPECT_EQ(add(outbox, "command.outcome", {kMotd}).seq, seq);
    }
    EXPECT_EQ(send_all(outbox), (std::vector<std::uint64_t>{1, 2, 3, 4, 5}));
}

TEST(Outbox, ANewerDriftTakesThePlaceOfAnUnsentOne) {
    Outbox outbox({});
    add(outbox, "resource.drifted", {kMotd});
    add(outbox, "resource.drifted", {kHosts});
    const auto again = add(outbox, "resource.drifted", {kMotd});
    EXPECT_TRUE(again.replaces);
    EXPECT_EQ(again.seq, 1U);
    EXPECT_EQ(outbox.size(), 2U);
}

TEST(Outbox, DriftAndRepairAreBothDelivered) {
    Outbox outbox({});
    add(outbox, "resource.drifted", {kMotd});
    add(outbox, "resource.repaired", {kMotd});
    EXPECT_FALSE(add(outbox, "resource.drifted", {kMotd}).replaces);
    EXPECT_EQ(outbox.size(), 3U);
}

TEST(Outbox, AnOutcomeAboutTheResourceStandsBetween) {
    Outbox outbox({});
    add(outbox, "resource.drifted", {kMotd});
    add(outbox, "command.outcome", {kHosts, kMotd});
    EXPECT_FALSE(add(outbox, "resource.drifted", {kMotd}).replaces);
}

TEST(Outbox, WhatTheOrchestratorMayHaveIsNotReplaced) {
    Outbox outbox({});
    add(outbox, "resource.drifted", {kMotd});
    send_all(outbox);
    outbox.rewind();
    EXPECT_FALSE(add(outbox, "resource.drifted", {kMotd}).replaces);
    Outbox reopened({});
    reopened.load({1, "resource.drifted", {kMotd}, 100, 0, false, false, 0, 0});
    EXPECT_FALSE(add(reopened, "resource.drifted", {kMotd}).replaces);
}

TEST(Outbox, NothingOvertakesWhatIsBeingWritten) {
    Outbox outbox({});
    outbox.place("resource.drifted", {kMotd}, 100);
    add(outbox, "resource.drifted", {kHosts});
    EXPECT_FALSE(outbox.next());
    outbox.written(1);
    EXPECT_EQ(send_all(outbox), (std::vector<std::uint64_t>{1, 2}));
}

TEST(Outbox, AReplacementUnderWayHoldsItsEventBack) {
    Outbox outbox({});
    add(outbox, "resource.drifted", {kMotd});
    EXPECT_TRUE(outbox.place("resource.drifted", {kMotd}, 100).replaces);
    EXPECT_FALSE(outbox.next());
    outbox.written(1);
    EXPECT_EQ(outbox.next(), 1U);
}

TEST(Outbox, UnansweredEventsAreSentAgainInOrder) {
    Outbox outbox({});
    for (int i = 0; i < 4; ++i) add(outbox, "command.outcome", {kMotd});
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
    for (int i = 0; i < 7; ++i) add(outbox, "resource.drifted", {static_cast<std::size_t>(i)});
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
    add(outbox, "resource.drifted", {1});
    outbox.sent(1);
    add(outbox, "command.outcome", {kMotd});
    add(outbox, "description.changed", {kMotd});
    add(outbox, "resource.drifted", {2});
    const auto sheds = outbox.shed_over_limit();
    ASSERT_EQ(sheds.size(), 1U);
    EXPECT_EQ(sheds[0].from, 4U);
    EXPECT_EQ(sheds[0].to, 4U);
    EXPECT_EQ(outbox.find(1)->kind, "resource.drifted");
    EXPECT_EQ(outbox.find(2)->kind, "command.outcome");
    EXPECT_EQ(outbox.find(4)->kind, "agent.shed");
}

TEST(Outbox, SheddingAgainGrowsTheExplanationBesideIt) {
    Outbox outbox({.events = 4, .bytes = 1 << 20});
    for (std::size_t i = 0; i < 5; ++i) add(outbox, "resource.drifted", {i});
    outbox.shed_over_limit();
    outbox.written(3);
    for (std::size_t i = 5; i < 8; ++i) add(outbox, "resource.drifted", {i});
    const auto sheds = outbox.shed_over_limit();
    ASSERT_EQ(sheds.size(), 1U);
    EXPECT_EQ(sheds[0].from, 1U);
    EXPECT_EQ(sheds[0].to, 6U);
    EXPECT_EQ(sheds[0].count, 6U);
    EXPECT_EQ(outbox.size(), 3U);
}

TEST(Outbox, AnExplanationThatIsBeingWrittenKeepsItsNumber) {
    Outbox outbox({.events = 4, .bytes = 1 << 20});
    for (std::size_t i = 0; i < 5; ++i) add(outbox, "resource.drifted", {i});
    ASSERT_EQ(outbox.shed_over_limit().at(0).to, 3U);
    for (std::size_t i = 5; i < 8; ++i) add(outbox, "resource.drifted", {i});
    const auto sheds = outbox.shed_over_limit();
    ASSERT_EQ(sheds.size(), 1U);
    EXPECT_EQ(sheds[0].from, 4U);
    outbox.written(3);
    outbox.written(sheds[0].to);
    EXPECT_EQ(send_all(outbox).size(), outbox.size());
}

TEST(Outbox, ALostNumberIsExplained) {
    Outbox outbox({});
    outbox.place("command.outcome", {kMotd}, 100);
    outbox.lost(1);
    EXPECT_EQ(outbox.find(1)->kind, "agent.shed");
    EXPECT_EQ(outbox.find(1)->shed_from, 1U);
    EXPECT_FALSE(outbox.next());
    outbox.written(1);
    EXPECT_EQ(outbox.next(), 1U);
}

TEST(Outbox, BytesCountWhatWaits) {
    Outbox outbox({.events = 1000, .bytes = 1000});
    add(outbox, "resource.drifted", {1}, 600);
    EXPECT_TRUE(outbox.shed_over_limit().empty());
    add(outbox, "resource.drifted", {1}, 500);
    EXPECT_EQ(outbox.bytes(), 500U);
    outbox.accepted(1);
    EXPECT_EQ(outbox.bytes(), 0U);
}

}  // namespace
}  // namespace evenkeel::agent
