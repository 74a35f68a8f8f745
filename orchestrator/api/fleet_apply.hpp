#pragma once

#include <cstddef>
#include <deque>
#include <memory>

namespace evenkeel::run {
class Loop;
}
namespace evenkeel::state {
class State;
}

namespace evenkeel::api {

class FleetApply;

// The requests POST /v1/resources:apply in work. They share turns of the loop of at most 5 ms, one
// host of one request after the other, and what may wait for the writer. [loop]
class FleetApplies {
  public:
    FleetApplies(run::Loop& loop, const state::State& state) : loop_(loop), state_(state) {}

    void add(std::shared_ptr<FleetApply> request);

    // Descriptions that are handed to the writer, until they are committed.
    bool has_room(std::size_t bytes) const;
    void take(std::size_t bytes);
    // The requests that wait for room go on.
    void give_back(std::size_t bytes);

  private:
    void turn();
    void post();

    run::Loop& loop_;
    const state::State& state_;
    std::deque<std::shared_ptr<FleetApply>> ready_;
    std::deque<std::shared_ptr<FleetApply>> waiting_;  // for room
    std::size_t changes_in_flight_ = 0;
    std::size_t bytes_in_flight_ = 0;
    bool is_posted_ = false;
};

}  // namespace evenkeel::api
