#pragma once

#include <string>

#include <evenkeel/cpp/failure.hpp>

namespace evenkeel::posix {

// The failure behind an errno: "cannot <action>: No space left on device", with the status that
// fits.
sdk::Failure os_failure(int error_number, const std::string& action);

}  // namespace evenkeel::posix
