#pragma once

#include "plugins/packages/transaction.hpp"

namespace evenkeel::packages {

// Follows apt-get by its reports on descriptor 3: "pmstatus:hello:42.5:Unpacking hello (amd64)";
// it begins with the first of dpkg. For one run.
Follow follow_apt();

}  // namespace evenkeel::packages
