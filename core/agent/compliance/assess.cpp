#include "core/agent/compliance/assess.hpp"

#include <utility>

namespace evenkeel::agent {
namespace {

using wire::UnknownReason;
using wire::Verdict;

void set_status(wire::Compliance& compliance, Verdict status, std::string reason,
                CheckTrigger trigger, const std::string& now) {
    if (compliance.status != status || compliance.since.empty()) {
        compliance.since = now;
        compliance.seen_by = to_string(trigger);
    }
    compliance.status = status;
    compliance.reason = std::move(reason);
}

Assessment judge_failed(Assessment to, const CheckResult& check_result,
                        const CheckContext& context) {
    wire::Compliance& compliance = to.status.compliance;
    to.status.failure = context.apply_error->what;
    const std::vector<wire::FieldDrift> fields =
        check_result.error ? compliance.fields : check_result.fields;
    const bool told = compliance.status == Verdict::failed &&
                      compliance.reason == to.status.failure && compliance.fields == fields;
    set_status(compliance, Verdict::failed, to.status.failure, context.trigger, context.now);
    compliance.fields = fields;
    to.status.open = true;
    to.report = told ? ReportKind::none : ReportKind::failed;
    return to;
}

Assessment judge_drifted(Assessment to, const CheckResult& check_result,
                         const CheckContext& context) {
    wire::Compliance& compliance = to.status.compliance;
    // Drift under which the last change has failed stays that failure, however it changes further.
    const bool has_failed = !to.status.failure.empty();
    const Verdict verdict = has_failed ? Verdict::failed : Verdict::drifted;
    if (compliance.status == verdict && compliance.fields == check_result.fields) return to;
    set_status(compliance, verdict, to.status.failure, context.trigger, context.now);
    compliance.fields = check_result.fields;
    to.status.open = true;
    to.report = has_failed ? ReportKind::failed : ReportKind::drifted;
    return to;
}

Assessment judge_compliant(Assessment to, bool state_changed, const CheckContext& context) {
    wire::Compliance& compliance = to.status.compliance;
    const bool was_compliant = compliance.status == Verdict::compliant;
    set_status(compliance, Verdict::compliant, "", context.trigger, context.now);
    compliance.fields.clear();
    to.status.failure.clear();
    if (std::exchange(to.status.open, false)) {
        to.report = context.by_us ? ReportKind::repaired : ReportKind::restored;
    } else if (!was_compliant || state_changed) {
        to.report = ReportKind::observed;
    }
    return to;
}

}  // namespace

std::optional<wire::EventKind> kind_of(ReportKind report) {
    switch (report) {
        case ReportKind::drifted:
            return wire::EventKind::resource_drifted;
        case ReportKind::restored:
            return wire::EventKind::resource_restored;
        case ReportKind::repaired:
            return wire::EventKind::resource_repaired;
        case ReportKind::unknown:
            return wire::EventKind::resource_unknown;
        case ReportKind::failed:
            return wire::EventKind::resource_failed;
        case ReportKind::observed:
            return wire::EventKind::resource_observed;
        case ReportKind::none:
            break;
    }
    return std::nullopt;
}

Assessment assess(const ResourceStatus& before, const CheckResult& check_result,
                  const CheckContext& context) {
    Assessment to{before, ReportKind::none};
    const std::size_t hash =
        check_result.error ? before.state_hash : state_hash(check_result.state);
    const bool state_changed = hash != before.state_hash;
    to.status.state_hash = hash;
    if (context.apply_error) return judge_failed(std::move(to), check_result, context);
    if (context.policy == wire::Policy::off)
        return unknown(to.status, UnknownReason::off, context.now);
    if (check_result.error) {
        const bool stale = check_result.error->code == Errc::stale;
        return unknown(to.status, stale ? UnknownReason::stale : UnknownReason::not_checked,
                       context.now);
    }
    if (!check_result.fields.empty()) return judge_drifted(std::move(to), check_result, context);
    return judge_compliant(std::move(to), state_changed, context);
}

Assessment unknown(const ResourceStatus& before, UnknownReason reason, const std::string& now) {
    Assessment to{before, ReportKind::none};
    wire::Compliance& compliance = to.status.compliance;
    if (compliance.status == Verdict::unknown && compliance.is(reason)) return to;
    // Not being watched was requested by the policy, so it is not reported as unknown.
    to.report = reason == UnknownReason::off ? ReportKind::observed : ReportKind::unknown;
    compliance.status = Verdict::unknown;
    compliance.reason = to_string(reason);
    compliance.since = now;
    compliance.fields.clear();
    return to;
}

}  // namespace evenkeel::agent
