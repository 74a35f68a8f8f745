#pragma once

#include "plugins/packages/messages.hpp"

namespace evenkeel::packages {

// What apt-get and dpkg say.
const Rules& apt_rules();

}  // namespace evenkeel::packages
