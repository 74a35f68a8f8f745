#pragma once

#include <optional>
#include <string>

#include "core/agent/config/config.hpp"
#include "core/plugin/isolation.hpp"

namespace evenkeel::agent {

// How the plugin is to run by this configuration; nothing: in this process.
std::optional<plugin::Isolation> isolation_of(const Config& config, const std::string& plugin);

}  // namespace evenkeel::agent
