#pragma once

#include <string>

#include <evenkeel/cpp/failure.hpp>
#include <systemd/sd-bus.h>

namespace evenkeel::services {

// The failure behind an error that came over the bus: "cannot <doing>: <systemd's words>", with the
// status that tells the host what to make of it.
sdk::Failure bus_failure(const sd_bus_error& error, const std::string& doing);

// The failure behind a negative errno of libsystemd: the connection did not come about or broke.
sdk::Failure bus_lost(int error_number);

}  // namespace evenkeel::services
