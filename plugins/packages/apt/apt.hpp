#pragma once

#include <memory>
#include <string>

#include "plugins/packages/backend.hpp"

namespace evenkeel::packages {

// Packages by dpkg's database in `folder`, by what apt keeps in `apt_folder`, and by apt-get. With
// `replace_config` configuration files that were changed on the machine are replaced by those of
// the package.
std::unique_ptr<Backend> make_apt(const std::string& folder, const std::string& apt_folder,
                                  bool replace_config);

}  // namespace evenkeel::packages
