#pragma once

#include "core/base/result.hpp"
#include "core/json/json.hpp"

namespace evenkeel::schema {

// Reads a schema's words. Returns the schema with every $ref replaced by what it points to, so that
// nobody after this sees one. `invalid` names the wrong word and its place.
//
// The words are those whose meaning is the same in Draft 7 and 2020-12. `pattern` and `uniqueItems`
// stand only where they always hold, not inside anyOf, oneOf, not, if, then, else and contains:
// there only the validator library would see them, and with both a hostile document can keep it
// busy for minutes.
Result<json::Value> read_vocabulary(const json::Value& schema);

}  // namespace evenkeel::schema
