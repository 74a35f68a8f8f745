#pragma once

#include <optional>
#include <string>

#include "core/agent/uplink/identity.hpp"
#include "core/crypto/secret.hpp"

namespace evenkeel::agent {

struct OrchestratorConfig;

// Asks this orchestrator which host it knows the identity in `files` as. Makes and saves nothing.
// `denied` when it is another orchestrator, or does not accept the identity (any more). Blocks.
// [lane]
Result<Identity> identify(const IdentityFiles& files, const OrchestratorConfig& orchestrator);

// Who enrols this machine, and so whether the configuration names the orchestrator already.
enum class EnrolBy { daemon, command };

// Enrols this machine: finds and saves the CA whose fingerprint the configuration gives, makes key
// and request, sends the token, saves the certificate. Each step may be repeated; the key stays the
// same. With an empty token it announces itself and waits a while to be accepted; returns nothing
// when no administrator has decided yet. `denied` when the CA, the token or the machine is refused.
// Blocks. [lane]
Result<std::optional<Identity>> enrol(const IdentityFiles& files,
                                      const OrchestratorConfig& orchestrator,
                                      const crypto::Secret& token, EnrolBy by = EnrolBy::daemon);

// SHA-256 of the machine's public key: identifies it to administrators before it is accepted.
Result<std::string> key_fingerprint(const IdentityFiles& files);

// The token in the file, or on standard input for "-", without white space at its end.
Result<crypto::Secret> read_token(const std::string& file);

// HOST, HOST:PORT, [V6] or [V6]:PORT; `port` stays when none is given.
Result<void> split_address(const std::string& text, std::string& host, std::uint16_t& port);

}  // namespace evenkeel::agent
