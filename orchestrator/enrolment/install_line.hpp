#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace evenkeel::enrolment {

// The host part of a Host header ("[::1]:7780" -> "[::1]"), or empty when it has anything that
// does not belong into an address: the line below ends in a shell.
std::string address_of_host_header(std::string_view header);

// The address for new hosts: where we listen, if that is one address; else where the administrator
// reached us, unless that is this machine's loopback, which no other host reaches; else its name.
std::string address_for_new_hosts(std::string_view listen_host, std::string_view host_header,
                                  std::string_view machine_name);

// One shell line that enrols the machine it is run on. `secret` is one of our tokens.
std::string install_line(std::string_view secret, std::string_view address, std::uint16_t port,
                         std::string_view authority_sha256);

}  // namespace evenkeel::enrolment
