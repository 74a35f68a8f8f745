#pragma once

#include "plugins/services/backend.hpp"

namespace evenkeel::services {

// Whether systemd runs this machine. [any]
bool systemd_runs();

// Services of systemd, over sd-bus.
const Backend& systemd_backend();

}  // namespace evenkeel::services
