#pragma once

#include <optional>

#include "core/agent/config/config.hpp"
#include "core/base/fd.hpp"
#include "core/crypto/secret.hpp"

namespace evenkeel::agent {

// The identity by which the orchestrator knows this machine. Stored outside the agent's store, so
// that losing the store does not lose it.
struct Identity {
    std::string host;  // "host_..."
    std::uint16_t bus_port = 5671;
    // Random, made with the identity: a store that was used with another one has reported to
    // another host, or to this one before its keys were replaced. Empty for an identity that an
    // older version has saved.
    std::string enrolment = {};
    // The orchestrator of this identity, while the configuration does not name it yet: it counts
    // instead of the configured one.
    std::optional<OrchestratorConfig> unsaved = std::nullopt;
};

// The files `state_dir`/identity/{key.pem, certificate.pem, ca.pem, host.json}; host.json is
// written last: if it exists, the others do. A new identity that is to replace this one is made
// whole in a folder beside it, and the two folders change places in one step of the kernel: a kill
// or a power cut leaves the old identity or the new one, never parts of both.
class IdentityFiles {
  public:
    explicit IdentityFiles(const std::string& state_dir) : IdentityFiles(state_dir, "/identity") {}

    std::string key() const { return folder_ + "/key.pem"; }
    std::string certificate() const { return folder_ + "/certificate.pem"; }
    std::string ca() const { return folder_ + "/ca.pem"; }

    // Taken during an enrolment: `busy` while another process holds it.
    Result<Fd> lock() const;
    // Nothing when this machine is not enrolled.
    Result<std::optional<Identity>> load() const;
    // The key of this machine, made when there is none: a repeated enrolment has the same.
    Result<crypto::Secret> key_for_request() const;
    Result<void> save_ca(const std::string& pem) const;
    Result<void> save(const Identity& identity, const std::string& certificate,
                      const std::string& ca) const;
    // Saves what is said of the identity; key, certificate and CA stay.
    Result<void> save(const Identity& identity) const;

    // Where the identity is made that is to replace this one. What an interrupted replacement left
    // there is used again, so that a token that it has spent is not lost.
    Result<IdentityFiles> prepare_replacement() const;
    // The identity in `replacement` becomes this one, and the former one is deleted. `unsupported`
    // where the file system cannot exchange two folders.
    Result<void> replace_by(const IdentityFiles& replacement) const;

  private:
    IdentityFiles(std::string state_dir, const std::string& name)
        : state_dir_(std::move(state_dir)), folder_(state_dir_ + name) {}

    std::string state_dir_;
    std::string folder_;
};

}  // namespace evenkeel::agent
