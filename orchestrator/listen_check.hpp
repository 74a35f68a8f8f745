#pragma once

#include "core/base/result.hpp"

namespace evenkeel {

struct Config;

// Whether the orchestrator could listen as configured, before anything is made at a first start:
// each address is one of this machine and free, no two are the same, and the REST API has the
// certificate that its address asks for. Listens on each for a moment. The error names the key of
// the configuration. [any]
Result<void> check_listening(const Config& config);

}  // namespace evenkeel
