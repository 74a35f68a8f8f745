#pragma once

#include <chrono>
#include <map>
#include <optional>

#include "core/crypto/signing.hpp"
#include "core/json/json.hpp"

namespace evenkeel::agent {

// Where the orchestrator is and how it is known; docs/agent.md says what each key means.
struct OrchestratorConfig {
    std::string host;
    std::optional<std::uint16_t> bus_port;  // none: the one from the enrolment
    std::uint16_t enrolment_port = 5673;
    std::string ca_sha256;   // 64 lower-case hex digits over the DER
    std::string token_file;  // empty: this agent does not enrol by itself
};

// Where the plugins that come with Evenkeel are installed.
inline constexpr const char* kPluginFolder = "/usr/lib/evenkeel/plugins";

inline constexpr const char* kConfigPath = "/etc/evenkeel/agent.json";

struct Config {
    std::string state_dir = "/var/lib/evenkeel/agent";
    std::string socket = "/run/evenkeel/agent.sock";
    std::vector<std::string> plugin_dirs = {kPluginFolder};
    std::optional<std::vector<std::string>> plugins;  // names; none given: all that are found
    // By plugin: whether it runs in a process of its own. What is not named does, unless it comes
    // with Evenkeel.
    std::map<std::string, bool> isolation;
    std::string plugin_host;          // the program for that; empty: the one beside this program
    bool require_signatures = false;  // load what one of plugin_keys has signed
    std::vector<crypto::VerifyKey> plugin_keys;
    std::map<std::string, json::Value> collections;  // what each is opened with: objects
    std::optional<OrchestratorConfig> orchestrator;  // none: the agent runs alone
    std::chrono::milliseconds sweep_interval = std::chrono::minutes(10);
    std::chrono::milliseconds call_silence = std::chrono::minutes(2);
    std::string log_level = "info";
    std::string file = kConfigPath;  // where it stands, if it is there
};

// Where marks tell in which call of a plugin a process ended.
inline std::string marks_folder(const std::string& state_dir) {
    return state_dir + "/calls";
}

// The value of the key "orchestrator".
json::Value encode(const OrchestratorConfig& orchestrator);
Result<OrchestratorConfig> parse_orchestrator(const json::Value& value);

// Reads the JSON text of a configuration; `invalid` names the key that is unknown or wrong.
Result<Config> parse_config(std::string_view text);
// Reads `path`; a missing file is an empty configuration unless it `must_exist`.
Result<Config> load_config(const std::string& path, bool must_exist);
// Sets the key "orchestrator" in the file at `path`, keeps the others, makes the file when missing.
Result<void> save_orchestrator(const std::string& path, const OrchestratorConfig& orchestrator);

// Whether `text` is 64 lower-case hex digits.
bool is_sha256_hex(std::string_view text);

}  // namespace evenkeel::agent
