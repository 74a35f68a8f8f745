#pragma once

#include "core/base/result.hpp"
#include "core/json/json.hpp"

namespace evenkeel::schema {

// Checks that every keyword of a schema is one that we support, with a value of its type. Returns
// the schema with every $ref replaced by its target: later code need not know of references.
// `invalid` names the wrong keyword and its place. Pure. [any]
//
// Supported are keywords that mean the same in Draft 7 and 2020-12. `pattern` and `uniqueItems` are
// refused inside anyOf, oneOf, not, if, then, else and contains: there only the validator library
// would evaluate them, and a hostile document could keep it busy for minutes.
Result<json::Value> read_vocabulary(const json::Value& schema);

}  // namespace evenkeel::schema
