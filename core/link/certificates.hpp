#pragma once

#include <string>

#include "core/base/result.hpp"

namespace evenkeel::link {

// Checks that OpenSSL accepts these PEM files; empty names are skipped. `invalid` names the file
// that it rejects. Done before Proton reads them, because Proton does not name the file and leaks
// memory when it fails. [any]
Result<void> check_certificates(const std::string& ca_file, const std::string& certificate_file,
                                const std::string& key_file);

}  // namespace evenkeel::link
