#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <netinet/in.h>

#include "core/base/result.hpp"

namespace evenkeel::herd {

// Who an agent is: what its enrolment gave, as PEM.
struct Identity {
    std::string name;
    std::string host;
    std::string key;
    std::string certificate;
};

// One JSON object a line.
Result<std::vector<Identity>> read_identities(const std::string& file);
Result<void> write_identities(const std::string& file, const std::vector<Identity>& identities);

// Each agent has a loopback address of its own, as a fleet has: what the orchestrator limits for
// each source address would otherwise hold for all of them together.
sockaddr_in address_of_agent(std::size_t number);
Result<sockaddr_in> address_of(const std::string& ipv4, std::uint16_t port);

}  // namespace evenkeel::herd
