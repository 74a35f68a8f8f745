#pragma once

#include <optional>

#include "core/agent/config/config.hpp"
#include "core/plugin/isolation.hpp"
#include "core/plugin/package.hpp"

namespace evenkeel::agent {

// How the plugin is to run by this configuration; nothing: in this process. By itself a bundled one
// does: it has the name of one and lies where they are installed, or, with `is_tried_out`, in a
// folder that the command line names.
std::optional<plugin::Isolation> isolation_of(const Config& config, const plugin::Package& package,
                                              bool is_tried_out);

}  // namespace evenkeel::agent
