#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"

// How an agent comes to trust an orchestrator of which it knows the CA's fingerprint only.
namespace evenkeel::crypto {

// Connects to `host`:`port`, does a TLS handshake without believing anything and returns the
// certificates shown, the server's first, as DER. Sends nothing. Blocks up to `limit` (the name's
// resolution is bounded by the resolver). `unavailable` when nobody answers or it is no TLS,
// `timeout` when time is up. [lane]
Result<std::vector<std::string>> read_chain(const std::string& host, std::uint16_t port,
                                            std::chrono::milliseconds limit);

// The CA out of `chain` whose fingerprint is `sha256` (64 hex digits, either case), as PEM, after
// checking that it signed the server's certificate, for kServerName. `denied` with the fingerprints
// found when it is not there, or signed nothing.
Result<std::string> find_authority(const std::vector<std::string>& chain, std::string_view sha256);

}  // namespace evenkeel::crypto
