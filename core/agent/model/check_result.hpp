#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/wire/resource.hpp"

// What plugins report about resources, and what is kept of it. Values without logic: lanes make
// them, compliance and runs read them.
namespace evenkeel::agent {

// What a plugin said about one resource at one moment.
struct CheckResult {
    std::optional<Error> error;  // it could not be read or compared
    json::Value state;           // null when absent
    std::vector<wire::FieldDrift> fields;
    std::string stamp = {};  // what the plugin knows the state again by; may be empty
    // The state is still that of CheckRequest::stamp: there is none here, and no fields.
    bool unchanged = false;
};

// What is to be checked, and what of its description decides without its body.
struct CheckRequest {
    std::string id;
    bool absent = false;
    bool left_secret = false;  // see shown_beside
    std::string stamp = {};    // of the state that is known to be as described; empty: none
};
// Of each request, in order; nothing for what is not described any more.
using CheckResults = std::vector<std::optional<CheckResult>>;

// What an apply, remove or invoke did, and what a check saw afterwards.
struct ApplyResult {
    std::vector<wire::Change> changes;
    std::optional<Error> error;
    CheckResult check_result;
    std::chrono::milliseconds retry_after{0};  // with an error: the plugin's advice; 0: none
    bool replaced = false;  // whatever an earlier description had left on the machine is gone
    std::vector<std::string> notes = {};  // see wire::ResourceResult
    std::optional<wire::Output> output = std::nullopt;
};

// What is kept of a resource between two checks.
struct ResourceStatus {
    wire::Compliance compliance;
    // A drift or a failure was reported, and its end was not yet.
    bool open = false;
    // Why the last change failed; empty once one has succeeded or the resource was found compliant.
    // The verdict stays failed for it, whatever else is seen meanwhile.
    std::string failure = {};
    std::size_t state_hash = 0;  // of the state that was reported last
};

// A hash to compare states within one process; 0 for none.
std::size_t state_hash(const json::Value& state);

// The core compares existence, the plugin everything else: returns the drift of existence, or
// nothing when it is as described.
std::optional<wire::FieldDrift> existence_drift(bool described_absent, bool is_absent);

}  // namespace evenkeel::agent
