#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/agent/model/records.hpp"
#include "core/agent/store/journal.hpp"

namespace evenkeel::agent {

// What is committed when a run ends. Memory holds it already.
struct RunEnd {
    std::vector<EventDraft> drafts;
    std::vector<Observation> observations;
    std::vector<Metadata> metadata;  // what has changed in it by what was done
    std::vector<PendingNotifications> pending_notifications;
    std::vector<wire::Ref> drops;
    std::vector<Tombstone> tombstones;
    std::vector<wire::Ref> reboots;  // whose change takes effect with the next boot only
};

// Commits the ends of runs, each with its events in one transaction. [loop]
class RunCommit {
  public:
    RunCommit(Journal& journal, run::Loop& loop) : journal_(journal), loop_(loop) {}

    // The end of a command, with its inbox record finished; the first draft carries the outcome
    // when it is the orchestrator's. Tried until it is stored, however long that takes, because the
    // machine has been changed; then `done` is called.
    void commit(InboxCommand command, RunEnd end, std::function<void()> done);
    // The end of a repair or of an action after one. Tried once: if it fails, the next check sees
    // the state again, and an action may be run twice. `done` is called after it; may be empty.
    // Without anything to commit nothing happens.
    void commit(RunEnd end, std::function<void(const Result<void>&)> done = {});

  private:
    struct CommandEnd;
    void attempt(const std::shared_ptr<const CommandEnd>& end);

    Journal& journal_;
    run::Loop& loop_;
    std::map<std::string, run::Timer> retries_;  // by command
};

}  // namespace evenkeel::agent
