#include "core/agent/compliance/assess.hpp"

#include <gtest/gtest.h>

namespace evenkeel::agent {
namespace {

using wire::Verdict;

CheckResult clean(const char* mode = "0644") {
    return {std::nullopt, json::Object{{"mode", mode}}, {}};
}

CheckResult off_by(const char* mode) {
    return {std::nullopt, json::Object{{"mode", mode}}, {{"/mode", "0644", mode}}};
}

CheckContext seen_at(const char* now, CheckTrigger trigger = CheckTrigger::event) {
    return {wire::Policy::report, trigger, now, false, std::nullopt};
}

CheckContext by_us(const char* now, std::optional<Error> error = std::nullopt) {
    return {wire::Policy::enforce, CheckTrigger::apply, now, true, std::move(error)};
}

ResourceStatus compliant() {
    return assess({}, clean(), seen_at("t0", CheckTrigger::apply)).status;
}

TEST(Compliance, DriftIsToldOnceWithItsFields) {
    const Assessment first = assess(compliant(), off_by("0600"), seen_at("t1"));
    EXPECT_EQ(first.report, ReportKind::drifted);
    EXPECT_EQ(first.status.compliance.status, Verdict::drifted);
    EXPECT_EQ(first.status.compliance.since, "t1");
    EXPECT_EQ(first.status.compliance.seen_by, "event");
    ASSERT_EQ(first.status.compliance.fields.size(), 1U);
    EXPECT_EQ(first.status.compliance.fields[0].path, "/mode");
    const Assessment again =
        assess(first.status, off_by("0600"), seen_at("t2", CheckTrigger::sweep));
    EXPECT_EQ(again.report, ReportKind::none);
    EXPECT_EQ(again.status.compliance.seen_by, "event");
}

TEST(Compliance, FurtherDriftIsNewsAndKeepsItsBegin) {
    const Assessment first = assess(compliant(), off_by("0600"), seen_at("t1"));
    const Assessment more = assess(first.status, off_by("0777"), seen_at("t2"));
    EXPECT_EQ(more.report, ReportKind::drifted);
    EXPECT_EQ(more.status.compliance.since, "t1");
}

TEST(Compliance, WhatComesBackWithoutUsIsRestored) {
    const Assessment drift = assess(compliant(), off_by("0600"), seen_at("t1"));
    const Assessment back = assess(drift.status, clean(), seen_at("t2"));
    EXPECT_EQ(back.report, ReportKind::restored);
    EXPECT_TRUE(back.status.compliance.fields.empty());
    EXPECT_EQ(assess(back.status, clean(), seen_at("t3")).report, ReportKind::none);
}

TEST(Compliance, WhatWeBringBackIsRepaired) {
    const Assessment drift = assess(compliant(), off_by("0600"), seen_at("t1"));
    EXPECT_EQ(assess(drift.status, clean(), by_us("t2")).report, ReportKind::repaired);
}

TEST(Compliance, AChangeOutsideTheDescriptionIsOnlyObserved) {
    CheckResult touched = clean();
    touched.state.as_object().set("mtime", "later");
    const Assessment seen = assess(compliant(), touched, seen_at("t1"));
    EXPECT_EQ(seen.report, ReportKind::observed);
    EXPECT_EQ(seen.status.compliance.status, Verdict::compliant);
    EXPECT_EQ(seen.status.compliance.since, "t0");
    EXPECT_EQ(assess(seen.status, touched, seen_at("t2")).report, ReportKind::none);
}

TEST(Compliance, AFailedChangeStaysFailedUntilOneSucceeds) {
    const Assessment failed =
        assess(compliant(), off_by("0600"), by_us("t1", Error{Errc::denied, "read-only"}));
    EXPECT_EQ(failed.report, ReportKind::failed);
    EXPECT_EQ(failed.status.compliance.reason, "read-only");
    EXPECT_EQ(assess(failed.status, off_by("0600"), seen_at("t2")).report, ReportKind::none);
    const Assessment moved = assess(failed.status, off_by("0777"), seen_at("t2"));
    EXPECT_EQ(moved.report, ReportKind::failed);
    EXPECT_EQ(moved.status.compliance.status, Verdict::failed);
    EXPECT_EQ(moved.status.compliance.reason, "read-only");
    EXPECT_EQ(moved.status.compliance.since, "t1");
    EXPECT_EQ(moved.status.compliance.fields[0].actual, json::Value("0777"));
    const Assessment lost = unknown(moved.status, wire::UnknownReason::no_plugin, "t3");
    const Assessment found = assess(lost.status, off_by("0777"), seen_at("t4"));
    EXPECT_EQ(found.report, ReportKind::failed);
    EXPECT_EQ(found.status.compliance.reason, "read-only");
    const Assessment mended = assess(found.status, clean(), by_us("t5"));
    EXPECT_EQ(assess(mended.status, off_by("0600"), seen_at("t6")).report, ReportKind::drifted);
    EXPECT_EQ(assess(failed.status, clean(), seen_at("t2")).report, ReportKind::restored);
    EXPECT_EQ(assess(failed.status, clean(), by_us("t2")).report, ReportKind::repaired);
}

TEST(Compliance, AnUnreadableResourceIsUnknownAndItsDriftStillEnds) {
    const Assessment drift = assess(compliant(), off_by("0600"), seen_at("t1"));
    const Assessment lost =
        assess(drift.status, CheckResult{Error{Errc::denied, "no"}, nullptr, {}}, seen_at("t2"));
    EXPECT_EQ(lost.report, ReportKind::unknown);
    EXPECT_EQ(lost.status.compliance.reason, "not_checked");
    EXPECT_EQ(assess(lost.status, clean(), seen_at("t3")).report, ReportKind::restored);
}

TEST(Compliance, OffIsNeverJudged) {
    CheckContext context = seen_at("t1");
    context.policy = wire::Policy::off;
    const Assessment off = assess(compliant(), off_by("0600"), context);
    EXPECT_EQ(off.status.compliance.status, Verdict::unknown);
    EXPECT_EQ(off.status.compliance.reason, "off");
    EXPECT_EQ(off.report, ReportKind::observed);
}

TEST(Compliance, UnknownIsToldOnceForEachReason) {
    const Assessment hung = unknown(compliant(), wire::UnknownReason::plugin_hung, "t1");
    EXPECT_EQ(hung.report, ReportKind::unknown);
    EXPECT_EQ(unknown(hung.status, wire::UnknownReason::plugin_hung, "t2").report,
              ReportKind::none);
    EXPECT_EQ(unknown(hung.status, wire::UnknownReason::stale, "t2").report, ReportKind::unknown);
}

TEST(Compliance, ExistenceIsTheCoresQuestion) {
    EXPECT_FALSE(existence_drift(false, false));
    EXPECT_FALSE(existence_drift(true, true));
    EXPECT_EQ(*existence_drift(false, true), (wire::FieldDrift{"/ensure", "present", "absent"}));
    EXPECT_EQ(*existence_drift(true, false), (wire::FieldDrift{"/ensure", "absent", "present"}));
}

}  // namespace
}  // namespace evenkeel::agent
