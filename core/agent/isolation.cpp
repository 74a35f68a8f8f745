#include "core/agent/isolation.hpp"

#include <algorithm>
#include <filesystem>

#include "core/base/text.hpp"

namespace evenkeel::agent {
namespace {

bool is_bundled(const std::string& plugin) {
    static const std::vector<std::string> kBundled = split(EVENKEEL_BUNDLED_PLUGINS, ',');
    return std::find(kBundled.begin(), kBundled.end(), plugin) != kBundled.end();
}

// Where the agent is installed, and in a build tree.
std::string beside_this_program() {
    std::error_code error;
    const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
    return (program.parent_path() / "evenkeel-plugin-host").string();
}

}  // namespace

std::optional<plugin::Isolation> isolation_of(const Config& config, const std::string& plugin) {
    const auto decided = config.isolation.find(plugin);
    const bool apart = decided != config.isolation.end() ? decided->second : !is_bundled(plugin);
    if (!apart) return std::nullopt;
    plugin::Isolation isolation;
    isolation.program = config.plugin_host.empty() ? beside_this_program() : config.plugin_host;
    isolation.hidden = {config.state_dir, "/etc/evenkeel", "/run/evenkeel"};
    return isolation;
}

}  // namespace evenkeel::agent
