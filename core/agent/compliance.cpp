#include "core/agent/compliance.hpp"

#include <functional>
#include <utility>

namespace evenkeel::agent {
namespace {

using wire::Verdict;

void set_status(wire::Compliance& compliance, Verdict status, std::string reason, Cause cause,
                const std::string& now) {
    if (compliance.status != status || compliance.since.empty()) {
        compliance.since = now;
        compliance.seen_by = to_string(cause);
    }
    compliance.status = status;
    compliance.reason = std::move(reason);
}

Judgement judge_failed(Judgement to, const Look& look, const Circumstances& around) {
    wire::Compliance& compliance = to.standing.compliance;
    const bool told =
        compliance.status == Verdict::failed && compliance.reason == around.apply_error->what;
    set_status(compliance, Verdict::failed, around.apply_error->what, around.cause, around.now);
    if (!look.error) compliance.fields = look.fields;
    to.standing.open = true;
    to.news = told ? News::none : News::failed;
    return to;
}

Judgement judge_drifted(Judgement to, const Look& look, const Circumstances& around) {
    wire::Compliance& compliance = to.standing.compliance;
    const bool same = compliance.fields == look.fields;
    // What a failed change left behind is that failure, until somebody changes it further.
    if (same && (compliance.status == Verdict::drifted || compliance.status == Verdict::failed)) {
        return to;
    }
    set_status(compliance, Verdict::drifted, "", around.cause, around.now);
    compliance.fields = look.fields;
    to.standing.open = true;
    to.news = News::drifted;
    return to;
}

Judgement judge_compliant(Judgement to, bool state_changed, const Circumstances& around) {
    wire::Compliance& compliance = to.standing.compliance;
    const bool was_compliant = compliance.status == Verdict::compliant;
    set_status(compliance, Verdict::compliant, "", around.cause, around.now);
    compliance.fields.clear();
    if (std::exchange(to.standing.open, false)) {
        to.news = around.by_us ? News::repaired : News::restored;
    } else if (!was_compliant || state_changed) {
        to.news = News::observed;
    }
    return to;
}

}  // namespace

std::size_t state_hash(const json::Value& state) {
    return state.is_null() ? 0 : std::hash<std::string>()(json::write_canonical(state));
}

std::string_view to_string(Cause cause) {
    switch (cause) {
        case Cause::event:
            return "event";
        case Cause::sweep:
            return "sweep";
        case Cause::apply:
            return "apply";
        case Cause::check:
            break;
    }
    return "check";
}

std::string_view kind_of(News news) {
    switch (news) {
        case News::drifted:
            return "resource.drifted";
        case News::restored:
            return "resource.restored";
        case News::repaired:
            return "resource.repaired";
        case News::unknown:
            return "resource.unknown";
        case News::failed:
            return "resource.failed";
        case News::observed:
            return "resource.observed";
        case News::none:
            break;
    }
    return "";
}

Judgement judge(const Standing& before, const Look& look, const Circumstances& around) {
    Judgement to{before, News::none};
    const std::size_t hash = look.error ? before.state_hash : state_hash(look.state);
    const bool state_changed = hash != before.state_hash;
    to.standing.state_hash = hash;
    if (around.apply_error) return judge_failed(std::move(to), look, around);
    if (around.policy == wire::Policy::off) return unknown(to.standing, "off", around.now);
    if (look.error) {
        const bool stale = look.error->code == Errc::stale;
        return unknown(to.standing, stale ? "stale" : "not_checked", around.now);
    }
    if (!look.fields.empty()) return judge_drifted(std::move(to), look, around);
    return judge_compliant(std::move(to), state_changed, around);
}

Judgement unknown(const Standing& before, std::string_view reason, const std::string& now) {
    Judgement to{before, News::none};
    wire::Compliance& compliance = to.standing.compliance;
    if (compliance.status == Verdict::unknown && compliance.reason == reason) return to;
    // That it is not watched is what was asked for: no news for an administrator.
    to.news = reason == "off" ? News::observed : News::unknown;
    compliance.status = Verdict::unknown;
    compliance.reason = reason;
    compliance.since = now;
    compliance.fields.clear();
    return to;
}

std::optional<wire::FieldDrift> existence_drift(bool wanted_absent, bool is_absent) {
    if (wanted_absent == is_absent) return std::nullopt;
    return wire::FieldDrift{"/ensure", wanted_absent ? "absent" : "present",
                            is_absent ? "absent" : "present"};
}

}  // namespace evenkeel::agent
