#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "orchestrator/model/model.hpp"
#include "orchestrator/plans/edited_hosts.hpp"
#include "orchestrator/state/audit.hpp"

namespace evenkeel::run {
class Loop;
}
namespace evenkeel::secrets {
class Protector;
}
namespace evenkeel::state {
class SchemaCache;
class State;
}  // namespace evenkeel::state

// The one way in which the model changes, and what administrators say of hosts, and in which hosts
// get what follows from it.
namespace evenkeel::plans {

struct Trial;

struct EditRequest {
    std::vector<model::ObjectChange> changes = {};
    std::vector<HostEdit> hosts = {};
    std::vector<ResourceEdit> resources = {};
    // What must be so of the objects when they are changed. [lane]
    std::function<Result<void>(const state::View&)> guard = {};
    bool is_dry_run = false;
    // Also when hosts that compile would not any more: they keep what they have.
    bool allows_errors = false;
    // It is a plan that somebody else approved, and may concern hosts in protected environments.
    bool is_approved = false;
    state::AuditContext audit_context = {};
    // Called in the transaction of the edit, when it is not refused: to keep the reply for a
    // request that comes again. [lane]
    std::function<Result<void>(state::Edit&, const struct EditAnswer&)> finish = {};
};

struct EditAnswer {
    // When there are any, nothing was changed, and the rest says nothing. Hosts are numbered on
    // from the changes of objects, and resources from there.
    std::vector<model::WrongChange> wrong;
    // Of a dry run and of what was done, and of what was refused because hosts would not compile.
    std::shared_ptr<const Trial> trial;
    bool does_not_compile = false;  // refused
    bool requires_plan = false;     // refused: the trial says for which environments
    std::uint64_t revision = 0;     // that the changed objects have; 0: none differs from before
    // What was asked for as it is now, or would be.
    std::shared_ptr<const model::Model> model;
};

// Belongs to the loop. Edits are carried out one after the other, in the order in which they came:
// each is tried out on the hosts that it touches, on a thread of its own, and then committed, with
// these hosts noted to be compiled; what differs is then sent to them.
class Planner {
  public:
    Planner(run::Loop& loop, state::State& state, const secrets::Protector& protector,
            const state::SchemaCache& schemas);
    ~Planner();
    // Reads the whole model of the store: to be called once, before anything else. O(objects)
    Result<void> load();
    // Ends the threads. Nothing is edited or released any more.
    void stop();

    // As it is committed.
    std::shared_ptr<const model::Model> model() const;
    // Hosts that were compiled to be released, since the start.
    std::uint64_t compiled() const;

    // `done` runs on the loop, after the commit. `busy` when too many edits wait, the error of the
    // guard, or one of the store.
    using Done = std::function<void(Result<EditAnswer>)>;
    void edit(EditRequest request, Done done);

  private:
    struct Inside;
    std::shared_ptr<Inside> inside_;
};

}  // namespace evenkeel::plans
