#pragma once

#include <string>

#include "core/agent/model/records.hpp"
#include "core/json/json.hpp"

// What the agent reports about its machine. [any]
namespace evenkeel::agent {

std::string host_name();
std::string machine_id();  // of systemd; empty when there is none
std::string boot_id();
// {"os":{"id","version_id","name"},"kernel":{"release"},"architecture","hostname","cpus",
// "memory_bytes","addresses":[...]}: how many processors are online, what RAM the kernel manages,
// and the addresses of interfaces that are up, without loopback and link-local ones, at most 64.
json::Value facts();
// As the fact "reboot_required": {"since","resources":[{"collection","id"}]}.
json::Value fact_of(const RebootRequired& required);

}  // namespace evenkeel::agent
