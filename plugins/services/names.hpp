#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace evenkeel::services {

// The unit behind an id: "ssh.service" of "ssh". Throws EK_E_INVALID for what is no id, naming the
// right one where that can be known.
std::string unit_of(std::string_view id);

// The id of a unit: "ssh" of "ssh.service"; nothing for units of other kinds and for templates,
// which are no resources.
std::optional<std::string> id_of(std::string_view unit);

}  // namespace evenkeel::services
