#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/json/json.hpp"
#include "core/wire/resource.hpp"

// The verdict on one resource, as a pure function of what was known and what was seen.
namespace evenkeel::agent {

// What a plugin said about one resource at one moment.
struct CheckResult {
    std::optional<Error> error;  // it could not be read or compared
    json::Value state;           // null when absent
    std::vector<wire::FieldDrift> fields;
};

// Who looked. The words stand in `seen_by`.
enum class CheckTrigger { event, sweep, apply, check };
std::string_view to_string(CheckTrigger trigger);

// What there is to tell after a look.
enum class ReportKind { none, drifted, restored, repaired, unknown, failed, observed };
// "resource.drifted", ...; empty for none.
std::string_view kind_of(ReportKind report);

// Tells states apart within one process; 0 for none.
std::size_t state_hash(const json::Value& state);

// What is remembered of a resource between two looks.
struct ResourceStatus {
    wire::Compliance compliance;
    // A drift or a failure was told and its end was not yet.
    bool open = false;
    std::size_t state_hash = 0;  // of the state last told
};

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

// Whether the thing is there is the core's question, all else the plugin's: the drift of existence,
// or nothing when it is as wanted.
std::optional<wire::FieldDrift> existence_drift(bool wanted_absent, bool is_absent);

}  // namespace evenkeel::agent
