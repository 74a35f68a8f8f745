#pragma once

#include <set>
#include <string>

#include "core/json/json.hpp"

namespace evenkeel::schema {
class Schema;
struct Property;
}  // namespace evenkeel::schema

// Which fields of a description are secret. Everything that seals or redacts asks here. Pure. [any]
namespace evenkeel::secrets {

// In what the programs differ. Every difference is a member here, so that bringing them together
// is a change of the two constants below.
struct Rules {
    // Which fields "sensitive": true in the description makes secret, beside those to which the
    // schema gives x-ek-sensitive.
    enum class Content { compared_by_digest, write_only } content;
};

inline constexpr Rules kAgentRules{.content = Rules::Content::compared_by_digest};
inline constexpr Rules kOrchestratorRules{.content = Rules::Content::write_only};

// Whether the field that `property` describes is secret in this description.
bool is_secret(const schema::Property& property, const json::Value& description,
               const Rules& rules);

// The names of the description's secret fields. Without a schema any field may be secret: all but
// "ensure" and "sensitive", which are not the plugin's. `schema` may be null.
std::set<std::string> secret_fields(const schema::Schema* schema, const json::Value& description,
                                    const Rules& rules);

}  // namespace evenkeel::secrets
