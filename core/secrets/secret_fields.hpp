#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/json/json.hpp"

namespace evenkeel::schema {
class Fields;
class Schema;
class SensitivePlace;
struct Property;
}  // namespace evenkeel::schema

// Which values are secret. Everything that seals or redacts asks here, in the agent and in the
// orchestrator. Where it cannot be known, a value is secret. Pure. [any]
namespace evenkeel::secrets {

// Whether the field that `property` describes is secret as a whole beside this description:
// x-ek-sensitive; with "sensitive": true in the description also every content, which is what has a
// digest or is only in descriptions.
bool is_secret(const schema::Property& property, const json::Value& description);

// Visits the outermost secret values in `value`, which lies at `place`, with their pointers. A
// value of another shape than the schema's is secret when anything of that shape would be.
using Visit = std::function<void(const std::string& pointer, json::Value& secret)>;
void each_secret(const schema::SensitivePlace& place, json::Value& value, const std::string& at,
                 const Visit& visit);

// Visits the outermost secret values of a description. Without a schema any field may be secret:
// all but "ensure" and "sensitive", which are not the plugin's. `schema` may be null.
void each_secret(const schema::Schema* schema, json::Value& description, const Visit& visit);
// Their pointers.
std::set<std::string> secret_pointers(const schema::Schema* schema, json::Value description);

// The place in documents of these fields to which a pointer leads, as far as nothing on its way is
// secret as a whole; then that.
schema::SensitivePlace place_at(const schema::Fields& fields, std::string_view pointer);

}  // namespace evenkeel::secrets
