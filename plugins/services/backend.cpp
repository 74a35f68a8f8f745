#include "plugins/services/backend.hpp"

#include "plugins/services/systemd/systemd.hpp"

namespace evenkeel::services {

const Backend& detect_backend() {
    if (systemd_runs()) return systemd_backend();
    throw sdk::Failure(EK_E_UNAVAILABLE, "systemd does not run this machine")
        .hint("services are those of systemd only");
}

}  // namespace evenkeel::services
