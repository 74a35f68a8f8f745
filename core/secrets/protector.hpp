#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/crypto/sealer.hpp"
#include "core/json/json.hpp"

namespace evenkeel::schema {
class Schema;
}

namespace evenkeel::secrets {

class Redactor;

// Whose description it is. A sealed field opens only together with the key it was sealed for, so
// one that was copied to another resource's record does not open there.
struct ResourceKey {
    std::string_view host, collection, id;
};

// Protects what the orchestrator stores: descriptions with their secret fields sealed from the
// first write, and single texts. Immutable; a call costs one pass over the description and the
// cipher over its secrets. [any]
class Protector {
  public:
    explicit Protector(crypto::Sealer sealer) : sealer_(std::move(sealer)) {}

    // {"plain": {fields, null where sealed}, "sealed": {field: text}, "known": bool}; "known" says
    // whether there was a schema. A field that holds a secret is sealed whole; then
    // "secret": [pointers] says which of its values are. `schema` may be null.
    json::Value seal(const ResourceKey& key, const json::Value& description,
                     const schema::Schema* schema) const;
    // The whole description again; `corrupt` when it was not sealed here for this resource.
    Result<json::Value> open(const ResourceKey& key, const json::Value& stored) const;
    // The description as it may be shown: secrets as {"redacted": fingerprint}. What was sealed
    // only because there was no schema is decided by the one there is now; what was sealed as a
    // secret stays one whatever the schema says now. `schema` may be null.
    Result<json::Value> redacted(const ResourceKey& key, const json::Value& stored,
                                 const schema::Schema* schema) const;
    // The same of a description that is not sealed yet.
    json::Value redacted(json::Value description, const schema::Schema* schema) const;
    // The same for several versions of one description: what is secret in one of them is redacted
    // in all, under either name. Where one does not open, nothing is shown.
    Result<std::vector<json::Value>> redacted_together(const ResourceKey& key,
                                                       const std::vector<json::Value>& stored,
                                                       const schema::Schema* schema) const;
    // Pointers to the values that `stored` has in the clear and one of the other versions as a
    // secret, be it there under the other name of the same field: content, content_base64.
    Result<std::set<std::string>> shows_secrets_of(const ResourceKey& key,
                                                   const json::Value& stored,
                                                   const std::vector<json::Value>& others,
                                                   const schema::Schema* schema) const;
    // `description` with each {"redacted": fingerprint} replaced by the stored value, as
    // Redactor::restore does it. `stored` and `schema` may be null. `invalid` with the pointer when
    // one cannot be; `corrupt` when what is stored does not open.
    Result<json::Value> restore_redacted(const ResourceKey& key, json::Value description,
                                         const json::Value& stored,
                                         const schema::Schema* schema) const;

    // A single text; it opens only with the same purpose. `corrupt` when it does not.
    std::string seal_text(std::string_view text, std::string_view purpose) const;
    Result<std::string> open_text(std::string_view sealed, std::string_view purpose) const;
    // Message authentication code, 32 hex digits: shows that a text which comes back is ours.
    std::string mac(std::string_view text) const;

  private:
    Redactor redactor() const;

    crypto::Sealer sealer_;
};

}  // namespace evenkeel::secrets
