#pragma once

#include <functional>

#include "core/agent/agent.hpp"
#include "core/wire/message.hpp"

namespace evenkeel::agent {

// What an agent hands up when it meets an orchestrator's stream for the first time: after a restore
// what the backup does not know, and always the present truth of everything. [loop]
class Handover {
  public:
    explicit Handover(Agent& agent) : agent_(agent) {}

    // Commits the events and the new mark together, then calls `done`. At once when the stream is
    // the known one.
    void meet(const wire::OrchestratorHello& hello, std::function<void(Result<void>)> done);
    // The present truth of everything: after events were shed.
    void tell_all();

  private:
    std::vector<Note> restored(const wire::OrchestratorHello& hello,
                               std::vector<Removal>& told) const;
    void add_present(std::vector<Note>& notes) const;

    Agent& agent_;
};

}  // namespace evenkeel::agent
