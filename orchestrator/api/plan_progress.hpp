#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/json/json.hpp"
#include "core/run/loop.hpp"
#include "orchestrator/state/plan_hosts.hpp"
#include "orchestrator/state/state.hpp"

namespace evenkeel::plans {
struct Moment;
}

namespace evenkeel::api {

// How far the hosts of applied plans are, and requests that wait for that: `Prefer: wait`. [loop]
class PlanProgress {
  public:
    using IsOnline = std::function<bool(const std::string& host)>;
    PlanProgress(run::Loop& loop, state::State& state, IsOnline is_online);

    // What the store knows of it. O(hosts that wait) [any]
    struct Reached {
        state::PlanTally tally;
        std::vector<std::string> waiting;  // ids of hosts
    };
    static Result<Reached> read(const plans::Moment& now, std::string_view plan);
    // {"hosts","waiting","succeeded","failed","unreachable"}, of which the last four add up to the
    // first: a host that waits and is not connected is unreachable.
    json::Value show(const Reached& reached) const;

    // Calls back once, when all hosts that are connected are done or the time is over; within this
    // call when they are.
    void wait(const std::string& plan, std::chrono::milliseconds at_most,
              std::function<void()> callback);

  private:
    struct Waiting {
        std::string plan;
        std::string host = {};  // that is connected and not done, as far as was seen
        std::function<void()> callback;
        run::Timer timer = {};
    };
    void follow(const state::Changes& changes);
    void check(std::uint64_t number);
    void finish(std::uint64_t number);
    // Keeps the host that is still waited for.
    Result<bool> is_done(const state::View& view, Waiting& waiting) const;

    run::Loop& loop_;
    state::State& state_;
    IsOnline is_online_;
    std::uint64_t last_ = 0;
    std::map<std::uint64_t, Waiting> waiting_;
};

}  // namespace evenkeel::api
