#pragma once

#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/crypto/secret.hpp"

// Keys, requests and certificates as PEM text. Certificates are valid from 1970-01-01 to
// 9999-12-31: the orchestrator's records revoke them, so that machines with a wrong clock can
// connect. Making a key or a signature costs about a millisecond. [any]
namespace evenkeel::crypto {

// The DNS name of every orchestrator's certificate. Agents always check it, so that addresses may
// change and no host's certificate can pose as the server's.
inline constexpr std::string_view kServerName = "evenkeel-orchestrator";
// More PEM than this is refused unread.
inline constexpr std::size_t kPemBytesMax = 64 * 1024;

// A new EC P-256 key, PKCS#8.
Result<Secret> make_key();
// A request for the key, signed with it. `common_name` has at most 64 bytes.
Result<std::string> make_request(const Secret& key, std::string_view common_name);

// 64 hex digits: SHA-256 over the DER of a certificate.
Result<std::string> certificate_fingerprint(std::string_view pem);
std::string certificate_fingerprint_der(std::string_view der);
// 64 hex digits: SHA-256 over the DER of the public key that a request or a certificate is for.
Result<std::string> request_key_fingerprint(std::string_view pem);
Result<std::string> certificate_key_fingerprint(std::string_view pem);
// The subject's common name, for display only.
Result<std::string> certificate_common_name(std::string_view pem);
// Whether the request is one that Authority would sign; see there for the errors.
Result<void> check_request(std::string_view pem);

// The orchestrator's certificate authority.
class Authority {
  public:
    // A new key and a self-signed certificate with a random serial.
    static Result<Authority> create(std::string_view common_name);
    // From what was stored; `invalid` when key and certificate do not belong together.
    static Result<Authority> load(std::string certificate, Secret key);

    const std::string& certificate() const { return certificate_; }
    const Secret& key() const { return key_; }
    // certificate_fingerprint of its own certificate: what agents are configured with.
    const std::string& fingerprint() const { return fingerprint_; }

    // A server's certificate for kServerName.
    Result<std::string> sign_server(std::string_view request) const;
    // A client's certificate whose common name is `host_id`; name, extensions and all else in
    // the request are ignored. Requests are not trusted: `invalid` unless it is one PEM request,
    // signed by its own key, which is EC P-256 or P-384, or RSA of 2048 to 8192 bits.
    Result<std::string> sign_host(std::string_view request, std::string_view host_id) const;

  private:
    Authority(std::string certificate, Secret key, std::string fingerprint);
    Result<std::string> sign(std::string_view request, std::string_view common_name,
                             const std::string& usage, const std::string& names) const;
    std::string certificate_;
    Secret key_;
    std::string fingerprint_;
};

}  // namespace evenkeel::crypto
