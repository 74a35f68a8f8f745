#pragma once

#include <string>

#include "core/json/json.hpp"

// What a machine says of itself when it announces itself. [any]
namespace evenkeel::agent {

std::string host_name();
std::string machine_id();  // of systemd; empty when there is none
std::string boot_id();
// {"os":{"id","version_id","name"},"kernel":{"release"},"architecture"}
json::Value facts();

}  // namespace evenkeel::agent
