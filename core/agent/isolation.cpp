#include "core/agent/isolation.hpp"

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>
#include <system_error>
#include <vector>

#include "core/base/file.hpp"
#include "core/base/text.hpp"

namespace evenkeel::agent {
namespace {

// A name alone proves nothing: anybody's plugin can be called "files".
bool is_bundled(const plugin::Package& package, bool is_tried_out) {
    static const std::vector<std::string> kBundled = split(EVENKEEL_BUNDLED_PLUGINS, ',');
    if (std::find(kBundled.begin(), kBundled.end(), package.name) == kBundled.end()) return false;
    std::error_code none_is_installed;
    return is_tried_out ||
           std::filesystem::equivalent(parent_of(package.object), kPluginFolder, none_is_installed);
}

// Where the agent is installed, and in a build tree.
std::string beside_this_program() {
    std::error_code error;
    const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
    return (program.parent_path() / "evenkeel-plugin-host").string();
}

std::string absolute(const std::string& path) {
    std::error_code error;
    return std::filesystem::absolute(path, error).lexically_normal().string();
}

// Where others have things too, which a plugin may need.
bool is_everybodys(const std::string& folder) {
    static const std::set<std::string> kOfMany = {"/", "/home", "/usr", "/usr/local", "/var"};
    return kOfMany.count(folder) != 0 || kOfMany.count(parent_of(folder)) != 0;
}

// Keys, and where orders are given.
std::vector<std::string> hidden_by(const Config& config) {
    std::set<std::string> hidden{config.state_dir, parent_of(kConfigPath),
                                 parent_of(Config{}.socket), absolute(config.file)};
    if (config.orchestrator && !config.orchestrator->token_file.empty())
        hidden.insert(absolute(config.orchestrator->token_file));
    // It is made after plugins are loaded, so its folder has to cover it.
    const std::string socket = absolute(config.socket);
    hidden.insert(is_everybodys(parent_of(socket)) ? socket : parent_of(socket));
    return {hidden.begin(), hidden.end()};
}

}  // namespace

std::optional<plugin::Isolation> isolation_of(const Config& config, const plugin::Package& package,
                                              bool is_tried_out) {
    const auto decided = config.isolation.find(package.name);
    const bool bundled = is_bundled(package, is_tried_out);
    const bool isolated = decided != config.isolation.end() ? decided->second : !bundled;
    if (!isolated) return std::nullopt;
    plugin::Isolation isolation;
    isolation.has_control_group = !bundled;
    isolation.program = config.plugin_host.empty() ? beside_this_program() : config.plugin_host;
    isolation.hidden = hidden_by(config);
    return isolation;
}

}  // namespace evenkeel::agent
