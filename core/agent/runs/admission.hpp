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

// Takes commands over: each once, committed before it is acknowledged, and run again after a
// restart if that is safe. What cannot be kept now is released, and with it all that came after,
// so that the order of the orchestrator holds. [loop]
class Admission {
  public:
    Admission(Journal& journal, Engine& engine) : journal_(journal), engine_(engine) {}

    // Takes over the commands that the last process left; restart.hpp decides which run again.
    // Requires that plugins are loaded and watches are open.
    void resume(std::vector<InboxCommand> left, wire::StreamPosition mark);

    // A command of the bus. `settle` gets accept after the commit, at once for one that is known,
    // release when it cannot be kept now, reject when it is not for us.
    void take(const wire::Command& command, std::function<void(link::Disposition)> settle);
    // What a local administrator asks for; `done` comes after the outcome's commit.
    void take_local(wire::Verb verb, std::vector<wire::ResourceRequest> resources, bool detach,
                    std::chrono::milliseconds timeout,
                    std::function<void(const CommandResult&)> done);
    void cancel(const std::string& command);

    // The orchestrator's numbers taken over so far.
    const wire::StreamPosition& mark() const { return mark_; }
    // Numbers of another stream come from now on. Part of a commit that sets the same mark.
    void begin_stream(const std::string& stream) { mark_ = committed_ = {stream, 0}; }
    void on_outcome_taken(const std::string& command) { known_.erase(command); }

  private:
    void accept(InboxCommand inbox, std::function<void(const CommandResult&)> done);
    void on_committed(const wire::Command& command, InboxCommand inbox, const Result<void>& stored,
                      const std::function<void(link::Disposition)>& settle);

    Journal& journal_;
    Engine& engine_;
    wire::StreamPosition mark_;       // of what was given to the store
    wire::StreamPosition committed_;  // of what the store has
    std::set<std::string> known_;     // commands of the bus whose outcome is not handed over
    // One with this number was released: none behind it may be taken before it.
    std::optional<std::uint64_t> released_seq_;
    std::uint64_t order_ = 0;
};

}  // namespace evenkeel::agent
