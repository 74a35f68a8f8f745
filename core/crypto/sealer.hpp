#pragma once

#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/crypto/secret.hpp"

namespace evenkeel::crypto {

// Seals the sensitive values of one store with a key that lies in a file beside it, so that the
// store's file alone, or a copy of it, shows none of them. [any]
class Sealer {
  public:
    enum class Missing { create, refuse };

    // Reads the key from `path`. A missing one is made (mode 0600) or refused with `not_found`:
    // refuse where sealed values exist already, a new key could not open them. `denied` when others
    // may read the file, `corrupt` when it holds no key.
    static Result<Sealer> open(const std::string& path, Missing missing);

    // Base64 text that only the same `context` (say, table and key of the value) opens: a sealed
    // value copied elsewhere does not open there. Sealing twice gives two texts.
    std::string seal(std::string_view value, std::string_view context) const;
    // `corrupt` when it was not sealed by this key in this context.
    Result<Secret> unseal(std::string_view sealed, std::string_view context) const;

    // 32 hex digits that are equal for equal bytes and say nothing else about them: the keyed
    // fingerprint of {"redacted": ...}.
    std::string fingerprint(std::string_view bytes) const;

  private:
    Sealer(Secret seal_key, Secret fingerprint_key);
    Secret seal_key_;
    Secret fingerprint_key_;
};

}  // namespace evenkeel::crypto
