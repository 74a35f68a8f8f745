#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "orchestrator/model/model.hpp"
#include "orchestrator/plans/edited_hosts.hpp"
#include "orchestrator/state/audit.hpp"
#include "orchestrator/state/plan_hosts.hpp"

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

class ModelIndex;
struct Trial;

struct EditRequest {
    // Called before all else, with the moment in which the edit is tried out, to say what it
    // changes where that takes long to read; its error is the answer. [lane]
    std::function<Result<void>(const state::View&, EditRequest&)> read = {};
    std::vector<model::ObjectChange> changes = {};
    std::vector<HostEdit> hosts = {};
    std::vector<ResourceEdit> resources = {};
    // What is held of hosts is let go with it.
    bool releases_held = false;
    // What must be so of the objects when they are changed. [lane]
    std::function<Result<void>(const state::View&)> guard = {};
    bool is_dry_run = false;
    // Also when hosts that compile would not any more: they keep what they have.
    bool allows_errors = false;
    // Of a plan that is applied: it is refused when it does something else to hosts by now. Only
    // one that is approved may concern hosts in protected environments.
    struct Planned {
        std::string hash;
        bool is_approved = false;
    };
    std::optional<Planned> planned = {};
    // Called with what it would do, when nothing is wrong with it. [lane]
    std::function<void(const Trial&)> tried = {};
    state::AuditContext audit_context = {};
    // Called in the transaction of the edit, when it is not refused: to keep the reply for a
    // request that comes again. [lane]
    std::function<Result<void>(state::Edit&, const struct EditAnswer&)> finish = {};
};

// Why nothing was changed.
enum class Refusal {
    none,
    does_not_compile,   // hosts that do would not any more
    stale_plan,         // not what was planned
    approval_required,  // and not given
    plan_required,      // the trial says for which environments
};

struct EditAnswer {
    // When there are any, nothing was changed, and the rest says nothing. Hosts are numbered on
    // from the changes of objects, and resources from there.
    std::vector<model::WrongChange> wrong;
    // Of a dry run, of what was done and of what was refused.
    std::shared_ptr<const Trial> trial;
    Refusal refusal = Refusal::none;
    state::CommandsOfHosts commands = {};  // that direct changes of resources have made
    std::uint64_t revision = 0;  // that the changed objects have; 0: none differs from before
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
    // The same with who uses what in it.
    std::shared_ptr<const ModelIndex> index() const;
    // Hosts that were compiled to be released, since the start.
    std::uint64_t compiled() const;
    // How often all hosts were read for rules about peers, since the start.
    std::uint64_t peers_read() const;

    // `done` runs on the loop, after the commit. `busy` when too many edits wait, the error of the
    // guard, or one of the store.
    using Done = std::function<void(Result<EditAnswer>)>;
    void edit(EditRequest request, Done done);

  private:
    struct Inside;
    std::shared_ptr<Inside> inside_;
};

}  // namespace evenkeel::plans
