#include "core/agent/isolation.hpp"

#include <algorithm>
#include <filesystem>
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

}  // namespace

std::optional<plugin::Isolation> isolation_of(const Config& config, const plugin::Package& package,
                                              bool is_tried_out) {
    const auto decided = config.isolation.find(package.name);
    const bool bundled = is_bundled(package, is_tried_out);
    const bool apart = decided != config.isolation.end() ? decided->second : !bundled;
    if (!apart) return std::nullopt;
    plugin::Isolation isolation;
    isolation.has_control_group = !bundled;
    isolation.program = config.plugin_host.empty() ? beside_this_program() : config.plugin_host;
    isolation.hidden = {config.state_dir, "/etc/evenkeel", "/run/evenkeel"};
    return isolation;
}

}  // namespace evenkeel::agent
