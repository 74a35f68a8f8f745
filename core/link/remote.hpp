#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "core/base/result.hpp"

namespace evenkeel::link {

// The name that every orchestrator's certificate carries, whatever address is dialled.
inline constexpr const char* kServerName = "evenkeel-orchestrator";

// How to reach and trust an orchestrator. Always TLS 1.2 or later; the server's certificate must
// chain to `ca_file` and carry kServerName as a DNS name.
struct Remote {
    std::string host;  // name, IPv4 or IPv6 address (without brackets)
    std::uint16_t port = 5671;
    std::string ca_file;                             // PEM, one or more CAs
    std::string certificate_file;                    // PEM, ours; empty = present none (enrolment)
    std::string key_file;                            // PEM, of `certificate_file`
    std::string container_id;                        // sent to the peer; the host id
    std::chrono::milliseconds idle_timeout{20'000};  // silence after which the link is dead
    std::chrono::milliseconds connect_timeout{15'000};  // from dialling to all links attached
    std::size_t message_bytes_max = 768 * 1024;         // body, both directions
};

// Why a connection has ended, or never came up.
struct Ending : Error {
    // The AMQP error condition behind it: the peer's when the peer ended it, as in
    // "amqp:unauthorized-access"; empty when there was none.
    std::string condition;
};

}  // namespace evenkeel::link
