#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/crypto/secret.hpp"

namespace evenkeel::crypto {

// Authenticated encryption for the secrets of a store (core/secrets says which), with a key in a
// file beside it: the store's file alone, or a copy, shows none of them. Immutable. [any]
class Sealer {
  public:
    enum class Missing { create, refuse };

    // Reads the key from `path`. A missing one is made (mode 0600) or refused with `not_found`:
    // refuse where sealed values exist already, a new key could not open them. `denied` when others
    // may read the file, `corrupt` when it holds no key.
    static Result<Sealer> open(const std::string& path, Missing missing);

    // Base64 text that opens only with the same `context` (such as the value's table and key):
    // copied elsewhere it does not open. Sealing the same value twice gives two texts.
    std::string seal(std::string_view value, std::string_view context) const;
    // How many bytes seal() makes of so many.
    static std::size_t sealed_bytes(std::size_t bytes);
    // `corrupt` when it was not sealed by this key in this context.
    Result<Secret> unseal(std::string_view sealed, std::string_view context) const;

    // HMAC of the bytes, 32 hex digits: equal for equal bytes, and without the key it tells nothing
    // else. The fingerprint of {"redacted": fingerprint}.
    std::string fingerprint(std::string_view bytes) const;

  private:
    Sealer(Secret seal_key, Secret fingerprint_key);
    Secret seal_key_;
    Secret fingerprint_key_;
};

}  // namespace evenkeel::crypto
