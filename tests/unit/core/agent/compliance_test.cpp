#include "core/agent/compliance.hpp"

#include <gtest/gtest.h>

namespace evenkeel::agent {
namespace {

using wire::Verdict;

Look clean(const char* mode = "0644") {
    return {std::nullopt, json::Object{{"mode", mode}}, {}};
}

Look off_by(const char* mode) {
    return {std::nullopt, json::Object{{"mode", mode}}, {{"/mode", "0644", mode}}};
}

Circumstances seen_at(const char* now, Cause cause = Cause::event) {
    return {wire::Policy::report, cause, now, false, std::nullopt};
}

Circumstances by_us(const char* now, std::optional<Error> error = std::nullopt) {
    return {wire::Policy::enforce, Cause::apply, now, true, std::move(error)};
}

Standing compliant() {
    return judge({}, clean(), seen_at("t0", Cause::apply)).standing;
}

TEST(Compliance, DriftIsToldOnceWithItsFields) {
    const Judgement first = judge(compliant(), off_by("0600"), seen_at("t1"));
    EXPECT_EQ(first.news, News::drifted);
    EXPECT_EQ(first.standing.compliance.status, Verdict::drifted);
    EXPECT_EQ(first.standing.compliance.since, "t1");
    EXPECT_EQ(first.standing.compliance.seen_by, "event");
    ASSERT_EQ(first.standing.compliance.fields.size(), 1U);
    EXPECT_EQ(first.standing.compliance.fields[0].path, "/mode");
    const Judgement again = judge(first.standing, off_by("0600"), seen_at("t2", Cause::sweep));
    EXPECT_EQ(again.news, News::none);
    EXPECT_EQ(again.standing.compliance.seen_by, "event");
}

TEST(Compliance, FurtherDriftIsNewsAndKeepsItsBegin) {
    const Judgement first = judge(compliant(), off_by("0600"), seen_at("t1"));
    const Judgement more = judge(first.standing, off_by("0777"), seen_at("t2"));
    EXPECT_EQ(more.news, News::drifted);
    EXPECT_EQ(more.standing.compliance.since, "t1");
}

TEST(Compliance, WhatComesBackWithoutUsIsRestored) {
    const Judgement drift = judge(compliant(), off_by("0600"), seen_at("t1"));
    const Judgement back = judge(drift.standing, clean(), seen_at("t2"));
    EXPECT_EQ(back.news, News::restored);
    EXPECT_TRUE(back.standing.compliance.fields.empty());
    EXPECT_EQ(judge(back.standing, clean(), seen_at("t3")).news, News::none);
}

TEST(Compliance, WhatWeBringBackIsRepaired) {
    const Judgement drift = judge(compliant(), off_by("0600"), seen_at("t1"));
    EXPECT_EQ(judge(drift.standing, clean(), by_us("t2")).news, News::repaired);
}

TEST(Compliance, AChangeOutsideTheDescriptionIsOnlyObserved) {
    Look touched = clean();
    touched.state.as_object().set("mtime", "later");
    const Judgement seen = judge(compliant(), touched, seen_at("t1"));
    EXPECT_EQ(seen.news, News::observed);
    EXPECT_EQ(seen.standing.compliance.status, Verdict::compliant);
    EXPECT_EQ(seen.standing.compliance.since, "t0");
    EXPECT_EQ(judge(seen.standing, touched, seen_at("t2")).news, News::none);
}

TEST(Compliance, AFailedChangeStaysFailedUntilSomethingMoves) {
    const Judgement failed =
        judge(compliant(), off_by("0600"), by_us("t1", Error{Errc::denied, "read-only"}));
    EXPECT_EQ(failed.news, News::failed);
    EXPECT_EQ(failed.standing.compliance.reason, "read-only");
    EXPECT_EQ(judge(failed.standing, off_by("0600"), seen_at("t2")).news, News::none);
    EXPECT_EQ(judge(failed.standing, off_by("0777"), seen_at("t2")).news, News::drifted);
    EXPECT_EQ(judge(failed.standing, clean(), seen_at("t2")).news, News::restored);
    EXPECT_EQ(judge(failed.standing, clean(), by_us("t2")).news, News::repaired);
}

TEST(Compliance, AnUnreadableResourceIsUnknownAndItsDriftStillEnds) {
    const Judgement drift = judge(compliant(), off_by("0600"), seen_at("t1"));
    const Judgement lost =
        judge(drift.standing, Look{Error{Errc::denied, "no"}, nullptr, {}}, seen_at("t2"));
    EXPECT_EQ(lost.news, News::unknown);
    EXPECT_EQ(lost.standing.compliance.reason, "not_checked");
    EXPECT_EQ(judge(lost.standing, clean(), seen_at("t3")).news, News::restored);
}

TEST(Compliance, OffIsNeverJudged) {
    Circumstances around = seen_at("t1");
    around.policy = wire::Policy::off;
    const Judgement off = judge(compliant(), off_by("0600"), around);
    EXPECT_EQ(off.standing.compliance.status, Verdict::unknown);
    EXPECT_EQ(off.standing.compliance.reason, "off");
    EXPECT_EQ(off.news, News::observed);
}

TEST(Compliance, UnknownIsToldOnceForEachReason) {
    const Judgement hung = unknown(compliant(), "plugin_hung", "t1");
    EXPECT_EQ(hung.news, News::unknown);
    EXPECT_EQ(unknown(hung.standing, "plugin_hung", "t2").news, News::none);
    EXPECT_EQ(unknown(hung.standing, "stale", "t2").news, News::unknown);
}

TEST(Compliance, ExistenceIsTheCoresQuestion) {
    EXPECT_FALSE(existence_drift(false, false));
    EXPECT_FALSE(existence_drift(true, true));
    EXPECT_EQ(*existence_drift(false, true), (wire::FieldDrift{"/ensure", "present", "absent"}));
    EXPECT_EQ(*existence_drift(true, false), (wire::FieldDrift{"/ensure", "absent", "present"}));
}

}  // namespace
}  // namespace evenkeel::agent
