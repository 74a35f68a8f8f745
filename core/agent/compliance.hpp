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
struct Look {
    std::optional<Error> error;  // it could not be read or compared
    json::Value state;           // null when absent
    std::vector<wire::FieldDrift> fields;
};

// Who looked. The words stand in `seen_by`.
enum class Cause { event, sweep, apply, check };
std::string_view to_string(Cause cause);

// What there is to tell after a look.
enum class News { none, drifted, restored, repaired, unknown, failed, observed };
// "resource.drifted", ...; empty for none.
std::string_view kind_of(News news);

// Tells states apart within one process; 0 for none.
std::size_t state_hash(const json::Value& state);

// What is remembered of a resource between two looks.
struct Standing {
    wire::Compliance compliance;
    // A drift or a failure was told and its end was not yet.
    bool open = false;
    std::size_t state_hash = 0;  // of the state last told
};

struct Circumstances {
    wire::Policy policy = wire::Policy::report;
    Cause cause = Cause::check;
    std::string now;                   // RFC 3339
    bool by_us = false;                // we changed the resource just before the look
    std::optional<Error> apply_error;  // the change that was tried failed
};

struct Judgement {
    Standing standing;
    News news = News::none;
};

Judgement judge(const Standing& before, const Look& look, const Circumstances& around);

// For what cannot be looked at: `reason` is one of those that wire::Compliance lists.
Judgement unknown(const Standing& before, std::string_view reason, const std::string& now);

// Whether the thing is there is the core's question, all else the plugin's: the drift of existence,
// or nothing when it is as wanted.
std::optional<wire::FieldDrift> existence_drift(bool wanted_absent, bool is_absent);

}  // namespace evenkeel::agent
