#pragma once

#include "core/base/names.hpp"
#include "core/json/json.hpp"

namespace evenkeel::crypto {
struct ChainEnd;
}

namespace evenkeel::state {

// The author of a change: a token, "host:<host id>" or "system".
struct Actor {
    std::string id;
    std::string name;
    std::string role;  // of the token; else "host" or "system"
};
inline Actor system_actor() {
    return {.id = "system", .name = "", .role = "system"};
}

enum class AuditOutcome { done, denied };
constexpr auto enum_names(AuditOutcome) {
    return names<AuditOutcome>("outcome",
                               {{AuditOutcome::done, "done"}, {AuditOutcome::denied, "denied"}});
}

// What a change, or an attempt at one, is done for. Its audit record says all of this.
struct AuditContext {
    Actor actor = system_actor();
    std::string address = {};     // where the request came from, without port
    std::string request_id = {};  // empty for what no request asked for
    std::string method = {};      // "PUT"; "BUS" and "SYSTEM" where there is no request
    std::string route = {};       // "/v1/hosts/{h}:retire"
    std::string object = {};      // the path as it was sent, or what it is about
    AuditOutcome outcome = AuditOutcome::done;
    json::Object detail = {};  // no secrets
};

// A change that the host makes: "enrol", "restored", ...
inline AuditContext host_audit_context(const std::string& host, const std::string& name,
                                       const std::string& what, const std::string& address = "") {
    return {.actor = {.id = "host:" + host, .name = name, .role = "host"},
            .address = address,
            .method = "BUS",
            .route = what,
            .object = host};
}

// Recomputes the whole chain of the audit in `state_dir`, or in a backup, and gives its end; see
// AuditTrail::verify. `busy` while an orchestrator has the store.
Result<crypto::ChainEnd> verify_audit_of(const std::string& state_dir);

}  // namespace evenkeel::state
