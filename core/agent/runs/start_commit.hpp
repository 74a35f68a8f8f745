#pragma once

#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "core/agent/model/catalog.hpp"
#include "core/agent/runs/step.hpp"

namespace evenkeel::agent {

class CollectionRegistry;
class Journal;
class RepairScheduler;
class BusyMarks;

// What a command stores before its first call of a plugin: descriptions and generations, so that a
// kill at any moment finds them. Memory has them at once, and gives them back when the commit
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
    // Commits it with the command's inbox record; `done` is called after that.
    void commit(Journal& journal, const InboxCommand& command,
                std::function<void(Result<void>)> done);
    // Nothing was stored: nothing is done, and the catalog is as it was.
    void undo(StepList& steps, const Error& error);

  private:
    void take(Step& step, const Intent& intent);
    void store(Step& step, const Intent& intent);

    Parts parts_;
    std::vector<EventDraft> drafts_;
    std::vector<Description> descriptions_;
    std::vector<Tombstone> returned_;  // of what is described again
    // What the catalog had before; nothing for what was not described.
    std::map<wire::Ref, std::optional<CatalogEntry>> before_;
};

}  // namespace evenkeel::agent
