#pragma once

#include <string>

#include "core/agent/config.hpp"
#include "core/agent/identity.hpp"
#include "core/agent/options.hpp"
#include "core/crypto/secret.hpp"

namespace evenkeel::agent {

// Enrols this machine: finds and saves the CA whose fingerprint the configuration gives, makes key
// and request, shows the token, saves the certificate. Each step may be repeated; the key stays the
// same. `denied` when the CA or the token is refused. Blocks. [lane]
Result<Identity> enrol(const IdentityFiles& files, const OrchestratorConfig& orchestrator,
                       const crypto::Secret& token);

// The token in the file, or on standard input for "-", without white space at its end.
Result<crypto::Secret> read_token(const std::string& file);

// HOST, HOST:PORT, [V6] or [V6]:PORT; `port` stays when none is given.
Result<void> split_address(const std::string& text, std::string& host, std::uint16_t& port);

// The subcommand.
int run_enrol(const CommandLine& line, const Config& config);

}  // namespace evenkeel::agent
