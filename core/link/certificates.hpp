#pragma once

#include <string>

#include "core/base/result.hpp"

namespace evenkeel::link {

// Whether OpenSSL takes these PEM files, empty ones left out; `invalid` names the one that it does
// not. Proton says less, and leaks when it fails. [any]
Result<void> check_certificates(const std::string& ca_file, const std::string& certificate_file,
                                const std::string& key_file);

}  // namespace evenkeel::link
