#pragma once

#include <vector>

#include "core/json/json.hpp"
#include "core/wire/resource.hpp"

namespace evenkeel::schema {
class Fields;
}
namespace evenkeel::secrets {
class Redactor;
}

namespace evenkeel::plugin {

// The described fields in which a state differs, by the schema's x-ek-compare; secrets redacted. A
// field with a default counts as described. The state may be redacted or not; null: the resource is
// absent. Pure. [any]
std::vector<wire::FieldDrift> compare_by_words(const schema::Fields& fields,
                                               const json::Value& description,
                                               const json::Value& state,
                                               const secrets::Redactor& redactor);

}  // namespace evenkeel::plugin
