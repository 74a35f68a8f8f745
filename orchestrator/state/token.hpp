#pragma once

#include <cstdint>

#include "core/base/names.hpp"
#include "core/json/json.hpp"
#include "orchestrator/state/host.hpp"

namespace evenkeel::state {

using evenkeel::to_string;

// Each may do what the one before may.
enum class Role { viewer, operation, approver, admin };
constexpr auto enum_names(Role) {
    return names<Role>("role", {{Role::viewer, "viewer"},
                                {Role::operation, "operator"},
                                {Role::approver, "approver"},
                                {Role::admin, "admin"}});
}

enum class TokenState { active, expired, revoked };
constexpr auto enum_names(TokenState) {
    return names<TokenState>("state", {{TokenState::active, "active"},
                                       {TokenState::expired, "expired"},
                                       {TokenState::revoked, "revoked"}});
}

// An access token of the REST API. The secret itself is not stored.
struct ApiToken {
    std::string id;
    std::string hash;
    std::string name;
    OpenName<Role> role;
    std::string created_at;
    std::string created_by;          // id of the token that asked for it; "system" for the first
    std::int64_t expires_at_ms = 0;  // 0 = never
    std::int64_t revoked_at_ms = 0;  // 0 = not

    bool counts(std::int64_t now_ms) const {
        return revoked_at_ms == 0 && (expires_at_ms == 0 || now_ms < expires_at_ms);
    }
    TokenState state_at(std::int64_t now_ms) const {
        if (counts(now_ms)) return TokenState::active;
        return revoked_at_ms != 0 ? TokenState::revoked : TokenState::expired;
    }
};
json::Value encode(const ApiToken& token);
Result<ApiToken> decode_api_token(const json::Value& value);

// The right to enrol hosts. The secret itself is not kept.
struct EnrolmentToken {
    std::string id;
    std::string hash;
    std::string name;
    std::string created_at;
    std::int64_t expires_at_ms = 0;
    std::int64_t uses = 1;  // as granted
    std::int64_t uses_left = 1;
    json::Value labels = json::Object{};           // for the hosts that enrol with it
    std::string environment{kDefaultEnvironment};  // for the same
    std::string replaces;          // id of the host whose place is taken; empty: none
    std::string created_by = {};   // name of who made it; empty: not known
    std::string approved_by = {};  // name of who else has approved it; empty: nobody
};
json::Value encode(const EnrolmentToken& token);
Result<EnrolmentToken> decode_enrolment_token(const json::Value& value);

}  // namespace evenkeel::state
