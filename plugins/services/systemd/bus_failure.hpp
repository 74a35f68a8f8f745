#pragma once

#include <string>

#include <evenkeel/cpp/failure.hpp>
#include <systemd/sd-bus.h>

namespace evenkeel::services {

// The failure behind an error that came over the bus: "cannot <action>: <systemd's words>", with
// the status that fits.
sdk::Failure bus_failure(const sd_bus_error& error, const std::string& action);

// The failure behind a negative errno of libsystemd: the connection could not be made or has
// broken.
sdk::Failure bus_lost(int error_number);

}  // namespace evenkeel::services
