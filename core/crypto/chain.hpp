#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"

// Bootstraps trust at enrolment: the agent is configured with the fingerprint of the orchestrator's
// CA only, and fetches the CA itself from the server.
namespace evenkeel::crypto {

// Connects to `host`:`port`, does a TLS handshake without verification and returns the
// certificates presented, the server's first, as DER. Sends nothing. Blocks up to `limit` (name
// resolution is bounded by the resolver). `unavailable` when there is no server or no TLS,
// `timeout` when time is up. [lane]
Result<std::vector<std::string>> read_chain(const std::string& host, std::uint16_t port,
                                            std::chrono::milliseconds limit);

// The CA out of `chain` whose fingerprint is `sha256` (64 hex digits, either case), as PEM, after
// checking that it signed the server's certificate, for kServerName. `denied` with the fingerprints
// found when it is not there, or did not sign it. [any]
Result<std::string> find_authority(const std::vector<std::string>& chain, std::string_view sha256);

}  // namespace evenkeel::crypto
