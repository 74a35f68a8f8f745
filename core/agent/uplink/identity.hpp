#pragma once

#include <optional>

#include "core/base/fd.hpp"
#include "core/base/result.hpp"
#include "core/crypto/secret.hpp"

namespace evenkeel::agent {

// The identity by which the orchestrator knows this machine. Stored outside the agent's store, so
// that losing the store does not lose it.
struct Identity {
    std::string host;  // "host_..."
    std::uint16_t bus_port = 5671;
};

// The files `state_dir`/identity/{key.pem, certificate.pem, ca.pem, host.json}; host.json is
// written last: if it exists, the others do.
class IdentityFiles {
  public:
    explicit IdentityFiles(const std::string& state_dir) : folder_(state_dir + "/identity") {}

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

  private:
    std::string folder_;
};

}  // namespace evenkeel::agent
