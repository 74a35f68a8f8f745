#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/agent/compliance/checker.hpp"
#include "core/agent/lanes/collection_registry.hpp"
#include "core/agent/model/catalog.hpp"
#include "core/agent/requests/local_protocol.hpp"
#include "core/agent/runs/admission.hpp"
#include "core/agent/runs/engine.hpp"
#include "core/wire/message.hpp"

namespace evenkeel::agent {

// Answers the requests of the bus and of local administrators. docs/bus-protocol.md and
// docs/agent.md list the verbs. [loop]
class Requests {
  public:
    struct Parts {
        Catalog& catalog;
        CollectionRegistry& registry;
        ComplianceTracker& tracker;
        Checker& checker;
        Engine& engine;
        Admission& admission;
        Journal& journal;
        run::Loop& loop;
        std::shared_ptr<const AgentStore> store;
    };
    using Answer = std::function<void(wire::Reply)>;

    explicit Requests(Parts parts) : parts_(std::move(parts)) {}

    // A collection whose plugin is held is let in again; `done` is told that it is served now, or
    // why not; `conflict`: it is tried at the agent's next start.
    std::function<void(const std::string& collection,
                       std::function<void(const Result<void>&)> done)>
        on_release;

    // read, list, plan, inventory, schema. `answer` is called once, possibly at once.
    void answer(const wire::Request& request, Answer answer);
    // The same, and the verbs that only local administrators may use: apply, invoke, check, export,
    // plugins, release, status.
    void answer_local(const wire::Request& request, const LocalAnswer& to);

  private:
    bool answer_common(const wire::Request& request, bool local, Answer& answer);
    void read(const wire::Request& request, bool local, const Answer& answer);
    void list(const wire::Request& request, const Answer& answer);
    void plan(const wire::Request& request, bool local, const Answer& answer);
    void inventory(const wire::Request& request, const Answer& answer);
    void schema(const wire::Request& request, const Answer& answer);
    void apply(const wire::Request& request, const Answer& answer);
    void invoke(const wire::Request& request, const Answer& answer);
    void check(const wire::Request& request, const LocalAnswer& answer);
    void release(const wire::Request& request, const Answer& answer);
    json::Value item_of(const plugin::Item& item, const wire::Ref& ref, bool local) const;

    Parts parts_;
};

}  // namespace evenkeel::agent
