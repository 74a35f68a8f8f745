#pragma once

#include <string>

#include "sdk/client/cli/manifests/changes.hpp"
#include "sdk/client/cli/output.hpp"

// How changes of what is said once, and plans of what becomes of hosts, are shown.
namespace evenkeel::cli {

// A table of what differs between manifests and the orchestrator, with the diffs of text below it.
void print_object_changes(const Output& output, const Changes& changes);
// The same as a JSON object each: {"kind","name","change","fields":[{"path","before","after"}]}.
std::vector<std::string> object_changes_json(const Changes& changes);
// "3 objects differ: 1 to add, 2 to change", or "no object differs".
std::string words_of(const Changes& changes);

// The groups of hosts of a plan, as the API tells it, what is removed first, and its errors.
std::string plan_text(const json::Value& plan, bool colour);
// "on 2 hosts 1 resource is added, 3 are changed", or "no host changes".
std::string summary_of_plan(const json::Value& plan);
// Whether something becomes of any host.
bool touches_hosts(const json::Value& plan);
// The groups of one host, exactly: an answer of /v1/plans/{p}/hosts/{h}.
std::string host_plan_text(const json::Value& host, bool colour);

}  // namespace evenkeel::cli
