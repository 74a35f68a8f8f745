#pragma once

#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/crypto/secret.hpp"

// Ed25519: who has the secret half vouches for bytes, who has the public half can tell. [any]
namespace evenkeel::crypto {

class VerifyKey {
  public:
    // "ed25519:" and the base64 of its 32 bytes, as one line of text that people hand on.
    static Result<VerifyKey> parse(std::string_view text);
    std::string text() const;
    // 16 hex digits that tell this key from others.
    const std::string& id() const { return id_; }
    // Whether the secret half made `signature` (64 bytes) for exactly this message.
    bool verifies(std::string_view message, std::string_view signature) const;

  private:
    friend class SigningKey;
    explicit VerifyKey(std::string bytes);
    std::string bytes_, id_;
};

class SigningKey {
  public:
    static SigningKey generate();
    // From a file that text() was written to: `denied` when others may read it.
    static Result<SigningKey> read(const std::string& path);
    // "ed25519-secret:" and base64: for a file of mode 0600.
    Secret text() const;
    VerifyKey verify_key() const;
    std::string sign(std::string_view message) const;  // 64 bytes

  private:
    explicit SigningKey(Secret seed) : seed_(std::move(seed)) {}
    Secret seed_;
};

}  // namespace evenkeel::crypto
