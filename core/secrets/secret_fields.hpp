#pragma once

#include <set>
#include <string>
#include <string_view>

#include "core/json/json.hpp"

namespace evenkeel::schema {
class Schema;
struct Property;
}  // namespace evenkeel::schema

// Which fields of a description are secret. Everything that seals or redacts asks here. Pure. [any]
namespace evenkeel::secrets {

// In what the agent and the orchestrator differ. Every difference is a member here and nothing
// else is, so that bringing the two together is a change of the constants below.
struct Rules {
    // Which fields "sensitive": true in the description makes secret, beside those to which the
    // schema gives x-ek-sensitive.
    enum class Content { compared_by_digest, write_only } content;
    // What comes before a value's bytes when its fingerprint is made. The orchestrator also makes
    // codes of texts with the same key (Protector::mac), which must never equal a fingerprint.
    std::string_view fingerprint_prefix;
    // States and changes have {"sha256","size"} for contents, and a change a diff beside them. The
    // same content has the same fingerprint in all of them: the diff is not part of it.
    bool knows_digests;
    // Null, and what is redacted already, stays as it is; else it is redacted like any value.
    bool redacts_once;
    // A {"redacted": fingerprint} that comes back stands for the stored value only if the
    // fingerprint is the stored value's; an empty one makes it an ordinary value. Else any
    // {"redacted": text} stands for what is stored.
    bool checks_fingerprint;
};

inline constexpr Rules kAgentRules{.content = Rules::Content::compared_by_digest,
                                   .fingerprint_prefix = "",
                                   .knows_digests = true,
                                   .redacts_once = true,
                                   .checks_fingerprint = false};
inline constexpr Rules kOrchestratorRules{.content = Rules::Content::write_only,
                                          .fingerprint_prefix = "value\n",
                                          .knows_digests = false,
                                          .redacts_once = false,
                                          .checks_fingerprint = true};

// Whether the field that `property` describes is secret in this description.
bool is_secret(const schema::Property& property, const json::Value& description,
               const Rules& rules);

// The names of the description's secret fields. Without a schema any field may be secret: all but
// "ensure" and "sensitive", which are not the plugin's. `schema` may be null.
std::set<std::string> secret_fields(const schema::Schema* schema, const json::Value& description,
                                    const Rules& rules);

}  // namespace evenkeel::secrets
