#pragma once

#include "core/agent/lanes/collection_registry.hpp"
#include "core/agent/model/catalog.hpp"
#include "core/agent/store/agent_store.hpp"
#include "core/agent/work/job.hpp"

namespace evenkeel::agent {

// Decides what becomes of one resource of a job: refused, superseded, or a description that is to
// be stored and carried out. Changes nothing. [loop]
Step prepare(const Job& job, const wire::ResourceRequest& request, const Catalog& catalog,
             const CollectionRegistry& registry, const AgentStore& store);

// Whether the collection takes this id and description; `invalid` with every wrong field.
Result<void> check_description(const schema::Schema& schema, const std::string& id,
                               const json::Value& body);
Result<void> check_id(const schema::Schema& schema, const std::string& id);

}  // namespace evenkeel::agent
