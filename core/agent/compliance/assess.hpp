#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/agent/model/check_result.hpp"
#include "core/wire/words.hpp"

// The verdict on one resource, as a pure function of what was known and what was seen.
namespace evenkeel::agent {

// What made the agent check.
using CheckTrigger = wire::SeenBy;

// What is to be reported after a check.
enum class ReportKind { none, drifted, restored, repaired, unknown, failed, observed };
// The kind of its event; nothing for none.
std::optional<wire::EventKind> kind_of(ReportKind report);

struct CheckContext {
    wire::Policy policy = wire::Policy::report;
    CheckTrigger trigger = CheckTrigger::check;
    std::string now;                   // RFC 3339
    bool by_us = false;                // we changed the resource just before the check
    std::optional<Error> apply_error;  // the change that was tried failed
};

struct Assessment {
    ResourceStatus status;
    ReportKind report = ReportKind::none;
};

Assessment assess(const ResourceStatus& before, const CheckResult& check_result,
                  const CheckContext& context);

// For what cannot be checked.
Assessment unknown(const ResourceStatus& before, wire::UnknownReason reason,
                   const std::string& now);

}  // namespace evenkeel::agent
