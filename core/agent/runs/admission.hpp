#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/agent/runs/engine.hpp"
#include "core/agent/store/journal.hpp"
#include "core/link/message.hpp"
#include "core/wire/message.hpp"

namespace evenkeel::agent {

// Takes over the commands of the bus and of local administrators: each once, committed before it is
// acknowledged. A command that cannot be stored now is released, and so is every later one, so that
// they run in the orchestrator's order. [loop]
class Admission {
  public:
    Admission(Journal& journal, Engine& engine) : journal_(journal), engine_(engine) {}

    // Takes over the commands that the last process left; restart.hpp decides which run again.
    // Requires that plugins are loaded and watches are open.
    void resume(std::vector<InboxCommand> left, wire::StreamPosition mark);

    // A command of the bus. `settle` gets accept after the commit (and for a command that was taken
    // before), release when it cannot be stored now, reject when it is malformed or of another
    // stream.
    void take(const wire::Command& command, std::function<void(link::Disposition)> settle);
    // A command of a local administrator; `done` is called after the commit of the outcome.
    void take_local(wire::Verb verb, std::vector<wire::ResourceRequest> resources, bool detach,
                    std::chrono::milliseconds timeout,
                    std::function<void(const CommandResult&)> done);
    void cancel(const std::string& command);

    // Up to which number the orchestrator's commands were taken over.
    const wire::StreamPosition& mark() const { return mark_; }
    // From now on commands of another stream are taken. To be called once a commit has stored the
    // same mark.
    void begin_stream(const std::string& stream) { mark_ = committed_ = {stream, 0}; }
    void on_outcome_taken(const std::string& command) { known_.erase(command); }

  private:
    void take_new(const wire::Command& command, std::uint64_t behind,
                  std::function<void(link::Disposition)> settle);
    void on_committed(const std::string& command, std::uint64_t seq, const Result<void>& stored,
                      const std::function<void(link::Disposition)>& settle);

    Journal& journal_;
    Engine& engine_;
    wire::StreamPosition mark_;       // of what was given to the store
    wire::StreamPosition committed_;  // of what the store has
    std::set<std::string> known_;     // commands of the bus whose outcome it has not accepted
    // The command with this number was released: no later one may be taken before it.
    std::optional<std::uint64_t> released_seq_;
    std::uint64_t order_ = 0;
};

}  // namespace evenkeel::agent
