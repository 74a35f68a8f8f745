#pragma once

#include "core/base/result.hpp"
#include "core/crypto/sealer.hpp"
#include "core/json/json.hpp"
#include "core/schema/schema.hpp"

namespace evenkeel::agent {

// The description as it may be shown: what the schema or its own "sensitive" calls secret is
// replaced by {"redacted": fingerprint}. [any]
json::Value redact(const json::Value& body, const schema::Schema& schema,
                   const crypto::Sealer& sealer);

// The description with every {"redacted": ...} replaced by what `before` has there: sending that
// object back keeps the stored value. `invalid` names the field where nothing is stored. [any]
Result<json::Value> keep_secrets(json::Value body, const json::Value* before);

}  // namespace evenkeel::agent
