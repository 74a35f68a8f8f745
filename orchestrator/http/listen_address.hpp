#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace evenkeel::http {

struct ListenAddress {
    std::string host;  // an IP address in text; "::" means every address of both families
    std::uint16_t port = 0;
    bool loopback = false;
};

// Reads "127.0.0.1:7780", "[::1]:0", "localhost:7780" and ":7780" (every address). `invalid` for
// anything else: names are not looked up. [any]
Result<ListenAddress> parse_listen(std::string_view text);

// The same of what the server may listen on: plain HTTP is served on loopback only. `denied` for
// another address. [any]
Result<ListenAddress> parse_listen(std::string_view text, bool has_tls);

// "127.0.0.1:80", "[::1]:80".
std::string join_address(std::string_view host, std::uint16_t port);

}  // namespace evenkeel::http
