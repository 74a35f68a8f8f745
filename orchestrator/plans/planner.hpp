#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "orchestrator/model/model.hpp"
#include "orchestrator/state/audit.hpp"

namespace evenkeel::run {
class Loop;
}
namespace evenkeel::secrets {
class Protector;
}
namespace evenkeel::state {
class State;
}  // namespace evenkeel::state

// The one way in which the model changes, and in which hosts get what follows from it.
namespace evenkeel::plans {

struct EditAnswer {
    // When there are any, nothing was changed, and the rest says nothing.
    std::vector<model::WrongChange> wrong;
    std::uint64_t revision = 0;  // that the changed objects have; 0: none differs from before
    // What was asked for as it is now, or would be.
    std::shared_ptr<const model::Model> model;
};

struct EditRequest {
    std::vector<model::ObjectChange> changes;
    // What must be so of the objects when they are changed. [lane]
    std::function<Result<void>(const state::View&)> guard = {};
    bool is_dry_run = false;
    state::AuditContext audit_context = {};
    // Called in the transaction of the edit, when it is not refused: to keep the reply for a
    // request that comes again. [lane]
    std::function<Result<void>(state::Edit&, const EditAnswer&)> finish = {};
};

// Belongs to the loop. Edits are carried out one after the other, in the order in which they came.
class Planner {
  public:
    Planner(run::Loop& loop, state::State& state, const secrets::Protector& protector);
    ~Planner();
    // Reads the whole model of the store: to be called once, before anything else. O(objects)
    Result<void> load();

    // As it is committed.
    std::shared_ptr<const model::Model> model() const;

    // `done` runs on the loop, after the commit. `busy` when too many edits wait, the
    // error of the guard, or one of the store.
    using Done = std::function<void(Result<EditAnswer>)>;
    void edit(EditRequest request, Done done);

  private:
    struct Inside;
    std::unique_ptr<Inside> inside_;
};

}  // namespace evenkeel::plans
