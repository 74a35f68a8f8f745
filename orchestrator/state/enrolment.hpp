#pragma once

#include <string>

#include "core/base/result.hpp"
#include "core/json/json.hpp"
#include "orchestrator/state/edit.hpp"

namespace evenkeel::state {

// How a machine came in, or wants to: what the store knows of one public key. What it claims of
// itself was bounded and made printable.
struct Enrolment {
    std::string fingerprint;   // SHA-256 of the public key
    std::string host;          // its id; empty until it is accepted
    std::string certificate;   // PEM; empty until it asks after it was accepted
    std::string state;         // pending, active, rejected, retired
    std::string name;          // claimed
    std::string machine_id;    // claimed
    std::string version;       // of the agent
    std::string address;       // that it came from
    std::string announced_at;  // RFC 3339
    json::Value facts = json::Object{};

    // "enrolment_" and the fingerprint.
    std::string id() const;
};
// The fingerprint in an enrolment's id; empty when it is none.
std::string fingerprint_of(std::string_view enrolment_id);

Result<Enrolment> decode_enrolment(std::string_view fingerprint, const json::Value& value);
// As REST and events show it (docs/rest.md).
json::Value show(const Enrolment& enrolment);

Result<std::optional<Enrolment>> find_enrolment(const View& view, std::string_view fingerprint);
// Stores it and records enrolment.changed. [lane]
Result<void> put_enrolment(Edit& edit, const Enrolment& enrolment);
// Forgets it; it is shown a last time as `rejected`. [lane]
Result<void> erase_enrolment(Edit& edit, Enrolment enrolment);

}  // namespace evenkeel::state
