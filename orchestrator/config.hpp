#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "core/base/result.hpp"

namespace evenkeel {

// "127.0.0.1:5671", "[::1]:0", ":5671": host (empty = every address) and port.
struct ListenAddress {
    std::string host;
    std::uint16_t port = 0;
};
Result<ListenAddress> parse_listen(const std::string& text);

// The configuration file; docs/operator.md explains each key.
struct Config {
    std::string state_dir = "/var/lib/evenkeel/orchestrator";
    ListenAddress bus{.host = "", .port = 5671};
    std::chrono::milliseconds heartbeat{10'000};
    ListenAddress enrolment{.host = "", .port = 5673};
    bool discovery = true;  // machines without a token may announce themselves
    std::string rest = "127.0.0.1:7780";
    std::string certificate;  // of the REST API, PEM file
    std::string key;
    double requests_per_second = 100;  // of each API token; 0 = no limit
    std::uint32_t requests_burst = 500;
    std::string log_level = "info";
};

// `invalid` names the key that is wrong or not known. The file at the default path may be missing.
inline constexpr const char* kConfigPath = "/etc/evenkeel/orchestrator.json";
Result<Config> parse_config(const std::string& text);
Result<Config> read_config(const std::string& path);

}  // namespace evenkeel
