#pragma once

#include <memory>
#include <string>

#include "plugins/packages/backend.hpp"

namespace evenkeel::packages {

// Packages by dpkg's database in `folder` and by apt-get.
std::unique_ptr<Backend> make_apt(const std::string& folder);

}  // namespace evenkeel::packages
