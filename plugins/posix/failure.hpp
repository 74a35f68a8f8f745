#pragma once

#include <string>

#include <evenkeel/cpp/failure.hpp>

namespace evenkeel::posix {

// The failure behind an errno: "cannot <doing>: No space left on device", with the status that
// tells the host what to make of it.
sdk::Failure os_failure(int error_number, const std::string& doing);

}  // namespace evenkeel::posix
