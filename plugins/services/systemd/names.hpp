#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace evenkeel::services {

// The unit of a service: "ssh.service" for the id "ssh".
std::string unit_of(std::string_view id);

// The id of a unit: "ssh" for "ssh.service"; nothing for units of other kinds and for templates,
// which are no resources.
std::optional<std::string> id_of(std::string_view unit);

// The template of an instance: "getty@.service" for "getty@tty1.service"; nothing for others.
std::optional<std::string> template_of(std::string_view unit);

}  // namespace evenkeel::services
