#pragma once

#include <map>

#include "core/run/loop.hpp"
#include "orchestrator/state/state.hpp"

namespace evenkeel::state {
struct Command;
}

namespace evenkeel::api {

// Requests that wait for the end of a command: `Prefer: wait`. [loop]
class Waiters {
  public:
    // Gets the command as it is when it has finished or the time is over.
    using Callback = std::function<void(const state::Command&)>;

    Waiters(run::Loop& loop, state::State& state);

    // Calls back once; within this call when the command has ended already.
    void wait(const state::Command& command, std::chrono::milliseconds at_most, Callback callback);

  private:
    struct Waiting {
        std::string command;
        std::string host;
        std::uint64_t seq = 0;
        Callback callback;
        run::Timer timer;
    };
    void check(const std::string& id);
    void finish(std::uint64_t number, const state::Command& command);
    void give_up(std::uint64_t number, const state::Command& as_it_was);

    run::Loop& loop_;
    state::State& state_;
    std::uint64_t last_ = 0;
    std::map<std::uint64_t, Waiting> waiting_;
    std::multimap<std::string, std::uint64_t> by_command_;
};

}  // namespace evenkeel::api
