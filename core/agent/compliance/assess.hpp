#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/agent/model/check_result.hpp"

// The verdict on one resource, as a pure function of what was known and what was seen.
namespace evenkeel::agent {

// Who looked. The words stand in `seen_by`.
enum class CheckTrigger { event, sweep, apply, check };
std::string_view to_string(CheckTrigger trigger);

// What there is to tell after a look.
enum class ReportKind { none, drifted, restored, repaired, unknown, failed, observed };
// "resource.drifted", ...; empty for none.
std::string_view kind_of(ReportKind report);

struct CheckContext {
    wire::Policy policy = wire::Policy::report;
    CheckTrigger trigger = CheckTrigger::check;
    std::string now;                   // RFC 3339
    bool by_us = false;                // we changed the resource just before the look
    std::optional<Error> apply_error;  // the change that was tried failed
};

struct Assessment {
    ResourceStatus status;
    ReportKind report = ReportKind::none;
};

Assessment assess(const ResourceStatus& before, const CheckResult& check_result,
                  const CheckContext& context);

// For what cannot be looked at: `reason` is one of those that wire::Compliance lists.
Assessment unknown(const ResourceStatus& before, std::string_view reason, const std::string& now);

}  // namespace evenkeel::agent
