#pragma once

#include <string>

#include "core/base/result.hpp"
#include "core/crypto/sealer.hpp"
#include "core/crypto/x509.hpp"

namespace evenkeel {

// Files in the state folder, beside the store. All but ca.pem have mode 0600.
inline constexpr const char* kKeyFiles[] = {"ca.pem", "ca.key", "server.pem", "server.key",
                                            "seal.key"};

// What the orchestrator proves itself with, and keeps secrets by.
struct Keys {
    crypto::Authority authority;
    crypto::Sealer sealer;
    std::string server_certificate_file;  // PEM, with the authority's certificate behind it
    std::string server_key_file;
    std::string authority_file;
};

// Reads them from `folder`, or makes them when `fresh`. Where a store exists already a missing key
// is `not_found`: a new one could not open what is sealed, nor vouch for enrolled hosts.
Result<Keys> open_keys(const std::string& folder, bool fresh);

}  // namespace evenkeel
