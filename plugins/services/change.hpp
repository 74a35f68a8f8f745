#pragma once

#include <evenkeel/cpp/changes.hpp>

#include "plugins/services/manager.hpp"
#include "plugins/services/wanted.hpp"

namespace evenkeel::services {

// Makes the changes, which came from difference(now, wanted), and marks each as it is done. Throws
// with systemd's words; EK_E_CONFLICT if what was asked for did not come about.
void bring_about(const Manager& manager, const Unit& now, const Wanted& wanted,
                 sdk::Changes& changes);

}  // namespace evenkeel::services
