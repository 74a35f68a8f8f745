#pragma once

#include <vector>

#include "core/agent/runs/step.hpp"

namespace evenkeel::schema {
class Schema;
}

namespace evenkeel::agent {

class AgentStore;
class Catalog;
class CollectionRegistry;

// What decisions are based on: the catalog, the plugins and the store. Outlives every run. [loop]
struct HostView {
    const Catalog& catalog;
    const CollectionRegistry& registry;
    const AgentStore& store;
};

// Decides what a command or a plan does with one resource: refuse it, skip it as superseded, or
// store and apply its description. Changes nothing. [loop]
Step decide(const Intent& intent, const wire::ResourceRequest& request, const HostView& host);

// The same for all of them, in the order of the work; see arrange(). `body_numbers` as in
// InboxCommand, empty for a plan. [loop]
StepList decide_all(Intent intent, const std::vector<wire::ResourceRequest>& requests,
                    const std::vector<std::uint64_t>& body_numbers, const HostView& host);

// Whether the collection takes this id and description; `invalid` with every wrong field.
Result<void> check_description(const schema::Schema& schema, const std::string& id,
                               const json::Value& body);
Result<void> check_id(const schema::Schema& schema, const std::string& id);

}  // namespace evenkeel::agent
