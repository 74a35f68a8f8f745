#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace evenkeel::api {

// The host part of a Host header ("[::1]:7780" -> "[::1]"), or empty when it has anything that
// does not belong into an address: the line below ends in a shell.
std::string address_of_host_header(std::string_view header);

// One shell line that enrols the machine it is run on. `secret` is one of our tokens.
std::string install_line(std::string_view secret, std::string_view address, std::uint16_t port,
                         std::string_view authority_sha256);

}  // namespace evenkeel::api
