#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/json/json.hpp"

namespace evenkeel::crypto {
class Sealer;
}
namespace evenkeel::schema {
class Fields;
class Schema;
}  // namespace evenkeel::schema

namespace evenkeel::secrets {

// A keyed hash of a secret's bytes: equal for equal secrets, and it tells nothing else. [any]
using Fingerprint = std::function<std::string(const std::string& bytes)>;
// The store's own; `sealer` outlives it.
Fingerprint fingerprint_by(const crypto::Sealer& sealer);

// The fingerprint in {"redacted": fingerprint}, or null when `value` is not such an object.
const std::string* fingerprint_in(const json::Value& value);
// Whether `value` is {"redacted": ...} or holds it at any depth.
bool has_redacted(const json::Value& value);

// Secret texts, the longest first.
using SecretTexts = std::vector<std::string>;
// An error when not all can be read.
using KnownSecrets = std::function<Result<SecretTexts>()>;
// All texts in the secret values of a description, and in those of several lines each line and what
// follows `=` or `:` in it: whoever quotes a configuration quotes a line or a value. Of a field
// *_base64 also the bytes. `schema` may be null: see each_secret; then only texts that are too long
// to be words such as "present".
SecretTexts secret_texts(const schema::Schema* schema, const json::Value& description);
// The text with "***" in place of each, and of what is left of one beside a "***" or a "...".
std::string without(std::string text, const SecretTexts& secrets);

inline constexpr std::string_view kNotRestored =
    "no stored value stands for it: {\"redacted\"} is taken only at its own path, while the field "
    "is "
    "secret, and with the present fingerprint; send the value";

// Replaces secrets by {"redacted": fingerprint} before a value leaves the program or is stored
// unsealed, and puts the stored secrets back where such an object returns. Null and what is
// redacted already stay as they are. Redacting never fails; it costs one pass and one hash for
// each secret.
//
// What is made of two versions is secret where either of them is: the `description` of the
// functions below is the one that says so (agent::shown_beside makes it). Immutable. [any]
class Redactor {
  public:
    // Without a fingerprint every secret is {"redacted": "secret"}.
    explicit Redactor(Fingerprint fingerprint) : fingerprint_(std::move(fingerprint)) {}

    // A secret value itself.
    json::Value value(const json::Value& secret) const;
    // A description. `schema` may be null: see each_secret.
    json::Value description(json::Value description, const schema::Schema* schema) const;
    // The values at these pointers; one that leads nowhere is left alone.
    json::Value description(json::Value description, const std::set<std::string>& secret) const;
    // What was read on the machine, beside the description that asks for it. Where the content is
    // secret, "sha256" and "size" give way to its redacted digest.
    json::Value state(const schema::Fields& fields, const json::Value& description,
                      json::Value state) const;
    // One side of a change or drift, or what of it is secret: the value to which `pointer` leads.
    // `always`: whatever the schema says.
    json::Value changed(const schema::Fields& fields, const json::Value& description,
                        std::string_view pointer, json::Value changed, bool always = false) const;
    // A sentence: every secret text of the description in it becomes "***".
    std::string text(const schema::Fields& fields, const json::Value& description,
                     std::string text) const;

    // `description` with each {"redacted": fingerprint} replaced by what `stored`, a description
    // that is not redacted (or null), has at the same pointer. Only where the field is secret in
    // `description` too and the fingerprint is the stored value's: else `invalid` with only the
    // pointer, and why is kNotRestored. So nothing comes out by being described as no secret.
    Result<json::Value> restore(json::Value description, const json::Value& stored,
                                const schema::Schema* schema) const;

  private:
    json::Value digest(const json::Value& secret) const;
    std::string fingerprint_of(const std::string& bytes) const;

    Fingerprint fingerprint_;
};

}  // namespace evenkeel::secrets
