#pragma once

#include "core/json/json.hpp"
#include "orchestrator/state/host.hpp"

namespace evenkeel::state {

// How a machine came in, or wants to: what the store knows of one public key, or of a clone: a
// second machine that came with the key of a host. What it claims of itself was bounded and made
// printable.
struct Enrolment {
    std::string fingerprint;  // SHA-256 of the public key
    std::string clone;        // of a clone: 16 hex digits that identify it; else empty
    std::string host;         // its id; empty until it is accepted; of a clone the host's
    std::string certificate;  // PEM; empty until it asks after it was accepted
    EnrolmentState state = EnrolmentState::pending;
    std::string name;          // claimed
    std::string machine_id;    // claimed
    std::string version;       // of the agent
    std::string address;       // that it came from
    std::string announced_at;  // RFC 3339
    json::Value facts = json::Object{};

    // The fingerprint; for a clone followed by "-" and `clone`.
    std::string key() const;
    // "enrolment_" and the key.
    std::string id() const;
};
std::string enrolment_id_of(std::string_view key);
// The key in an enrolment's id; empty when it is none.
std::string key_of(std::string_view enrolment_id);

json::Value encode(const Enrolment& enrolment);
Result<Enrolment> decode_enrolment(std::string_view key, const json::Value& value);

}  // namespace evenkeel::state
