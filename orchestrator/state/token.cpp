#include "orchestrator/state/token.hpp"

namespace evenkeel::state {

json::Value encode(const ApiToken& token) {
    return json::Object{{"id", token.id},
                        {"hash", token.hash},
                        {"name", token.name},
                        {"role", token.role.text()},
                        {"created_at", token.created_at},
                        {"created_by", token.created_by},
                        {"expires_at_ms", token.expires_at_ms},
                        {"revoked_at_ms", token.revoked_at_ms}};
}

Result<ApiToken> decode_api_token(const json::Value& value) {
    ApiToken token{.id = value.string_or("id"),
                   .hash = value.string_or("hash"),
                   .name = value.string_or("name"),
                   .role = OpenName<Role>(value.string_or("role")),
                   .created_at = value.string_or("created_at"),
                   .created_by = value.string_or("created_by"),
                   .expires_at_ms = value.integer_or("expires_at_ms"),
                   .revoked_at_ms = value.integer_or("revoked_at_ms")};
    if (token.hash.empty()) return fail(Errc::corrupt, "a token's record has no hash");
    if (token.role.empty()) return fail(Errc::corrupt, "a token's record has no role");
    return token;
}

json::Value encode(const EnrolmentToken& token) {
    return json::Object{{"id", token.id},
                        {"hash", token.hash},
                        {"name", token.name},
                        {"created_at", token.created_at},
                        {"expires_at_ms", token.expires_at_ms},
                        {"uses", token.uses},
                        {"uses_left", token.uses_left},
                        {"labels", token.labels},
                        {"environment", token.environment},
                        {"replaces", token.replaces},
                        {"created_by", token.created_by},
                        {"approved_by", token.approved_by}};
}

Result<EnrolmentToken> decode_enrolment_token(const json::Value& value) {
    EnrolmentToken token;
    token.id = value.string_or("id");
    token.hash = value.string_or("hash");
    if (token.hash.empty()) return fail(Errc::corrupt, "an enrolment token's record has no hash");
    token.name = value.string_or("name");
    token.created_at = value.string_or("created_at");
    token.expires_at_ms = value.integer_or("expires_at_ms");
    token.uses = value.integer_or("uses", 1);
    token.uses_left = value.integer_or("uses_left");
    if (value["labels"].is_object()) token.labels = value["labels"];
    token.environment = value.string_or("environment", kDefaultEnvironment);
    token.replaces = value.string_or("replaces");
    token.created_by = value.string_or("created_by");
    token.approved_by = value.string_or("approved_by");
    return token;
}

}  // namespace evenkeel::state
