#pragma once

#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "core/agent/model/catalog.hpp"
#include "core/agent/runs/step.hpp"

namespace evenkeel::store {
class WriteTxn;
}

namespace evenkeel::agent {

class CollectionRegistry;
class Journal;
class RepairScheduler;
class BusyMarks;

// Stores descriptions and generations before the first call of a plugin, so that they are on disk
// at a kill at any moment. The catalog takes them over at once, and is restored when the commit
// fails. [loop]
class StartCommit {
  public:
    struct Parts {
        Catalog& catalog;
        const CollectionRegistry& registry;
        RepairScheduler& repairs;
        BusyMarks& busy_marks;
    };
    explicit StartCommit(Parts parts) : parts_(parts) {}

    // Takes over into the catalog what the steps store, and reserves what they work on.
    void take(StepList& steps);
    // Commits it with the command's inbox record, which `inbox` writes; `done` is called after
    // that.
    void commit(Journal& journal, std::function<Result<void>(store::WriteTxn&)> inbox,
                std::function<void(Result<void>)> done);
    // The commit has failed: skips the steps and restores the catalog.
    void undo(StepList& steps, const Error& error);

  private:
    void take(Step& step);
    void store(Step& step, const Intent& intent);

    Parts parts_;
    std::vector<EventDraft> drafts_;
    std::vector<Description> descriptions_;
    std::vector<Tombstone> returned_;  // of resources that are described again
    // What the catalog had before; nothing for what was not described.
    std::map<wire::Ref, std::optional<CatalogEntry>> before_;
};

}  // namespace evenkeel::agent
