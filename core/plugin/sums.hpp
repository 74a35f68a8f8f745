#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/crypto/signing.hpp"
#include "core/json/json.hpp"

namespace evenkeel::plugin {

// What X.sum.json says: which bytes the plugin's files have, and who vouches for that. Its JSON is
// {"sha256": {NAME: hex, ...}, "signature": {"key": ID, "ed25519": base64}}. [any]
class Sums {
  public:
    // `invalid` when the text is no sum file.
    static Result<Sums> parse(std::string_view text);
    std::string text() const;

    // Of the file with this name; empty when it is not listed.
    std::string sha256(std::string_view file) const { return sums_.string_or(file); }
    // The id of the key that it says it is signed by; empty: it is not signed.
    const std::string& key_id() const { return key_id_; }
    // Whether the signature is that of the key.
    bool is_signed_by(const crypto::VerifyKey& key) const;
    void sign(const crypto::SigningKey& key);

  private:
    std::string signed_bytes() const;

    json::Value sums_;
    std::string key_id_, signature_;
};

}  // namespace evenkeel::plugin
