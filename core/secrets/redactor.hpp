#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/json/json.hpp"
#include "core/secrets/secret_fields.hpp"

namespace evenkeel::crypto {
class Sealer;
}
namespace evenkeel::schema {
class Fields;
class Schema;
struct Field;
}  // namespace evenkeel::schema

namespace evenkeel::secrets {

// A keyed hash of a secret's bytes: equal for equal secrets, and it tells nothing else. [any]
using Fingerprint = std::function<std::string(const std::string& bytes)>;
// The store's own; `sealer` outlives it.
Fingerprint fingerprint_by(const crypto::Sealer& sealer);

// The fingerprint in {"redacted": fingerprint}, or null when `value` is not such an object.
const std::string* fingerprint_in(const json::Value& value);

// Replaces secrets by {"redacted": fingerprint} before a value leaves the program or is stored
// unsealed, and puts the stored secrets back where such an object returns. Redacting never fails;
// it costs one hash for each secret. Immutable. [any]
class Redactor {
  public:
    // Without a fingerprint every secret is {"redacted": "secret"}.
    Redactor(Fingerprint fingerprint, const Rules& rules);

    // Whether a field is secret in this description.
    bool is_secret(const schema::Field& field, const json::Value& description) const;
    // Whether the place to which a change's pointer leads is secret beside this description.
    bool is_secret(const schema::Fields& fields, std::string_view pointer,
                   const json::Value& description) const;

    // A secret value itself.
    json::Value value(const json::Value& secret) const;
    // A description: the fields of these names.
    json::Value description(json::Value description, const std::set<std::string>& secret) const;
    json::Value description(json::Value description, const schema::Schema& schema) const;
    // What was read on the machine, beside the description that asks for it. Where the content is
    // secret, "sha256" and "size" give way to its redacted digest.
    json::Value state(const schema::Fields& fields, const json::Value& description,
                      json::Value state) const;
    // A sentence: every secret text of the description in it becomes "***".
    std::string text(const schema::Fields& fields, const json::Value& description,
                     std::string text) const;

    // `description` with each {"redacted": ...} replaced by what `stored`, a description that is
    // not redacted (or null), has there. `invalid`, with only the field's name, when it has nothing
    // for it.
    Result<json::Value> restore(json::Value description, const json::Value& stored) const;

  private:
    bool is_fresh(const std::string& fingerprint, const json::Value& stored) const;
    std::string fingerprint_of(const json::Value& secret) const;

    Fingerprint fingerprint_;
    Rules rules_;
};

}  // namespace evenkeel::secrets
