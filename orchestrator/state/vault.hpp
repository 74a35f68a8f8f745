#pragma once

#include <set>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/crypto/sealer.hpp"
#include "core/json/json.hpp"
#include "core/schema/schema.hpp"
#include "core/wire/resource.hpp"

namespace evenkeel::state {

// Which members of this description are secrets: those that the schema calls so, and, under
// "sensitive": true, those that only descriptions have (a file's content). Without a schema nobody
// knows, so all of them. [any]
std::set<std::string> secret_members(const schema::Schema* schema, const json::Value& description);

// Descriptions as the store holds them: secret members sealed, from the first write. A sealed one
// opens only beside the host and resource that it was sealed for. [any]
class Vault {
  public:
    explicit Vault(crypto::Sealer sealer) : sealer_(std::move(sealer)) {}

    // {"plain": {members, null where sealed}, "sealed": {member: text}, "known": bool}; `schema`
    // may be null.
    json::Value seal(const std::string& host, const wire::Ref& ref, const json::Value& description,
                     const schema::Schema* schema) const;
    // The whole description again; `corrupt` when it was not sealed here.
    Result<json::Value> open(const std::string& host, const wire::Ref& ref,
                             const json::Value& stored) const;
    // For eyes: secrets as {"redacted": fingerprint}. What was sealed only because there was no
    // schema is judged by the one there is now.
    Result<json::Value> redacted(const std::string& host, const wire::Ref& ref,
                                 const json::Value& stored, const schema::Schema* schema) const;
    // `description` with each {"redacted": fingerprint} replaced by the stored value of that
    // fingerprint; `stored` may be null. `invalid` with the member's name when there is none.
    Result<json::Value> fill_in(const std::string& host, const wire::Ref& ref,
                                json::Value description, const json::Value& stored) const;

    // Single texts, for a purpose that is part of the seal.
    std::string seal_text(std::string_view text, std::string_view purpose) const;
    Result<std::string> open_text(std::string_view sealed, std::string_view purpose) const;
    // A keyed checksum of ours, 32 hex digits.
    std::string sign(std::string_view text) const;

  private:
    std::string fingerprint(const json::Value& value) const;

    crypto::Sealer sealer_;
};

}  // namespace evenkeel::state
