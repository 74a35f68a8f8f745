#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "core/base/result.hpp"
#include "core/run/lane.hpp"

namespace evenkeel::state {
class State;
class View;
}  // namespace evenkeel::state

namespace evenkeel::plans {

class ModelIndex;

// The model and the hosts as they are together.
struct Moment {
    const state::View& view;
    const ModelIndex& index;
    const std::atomic<bool>& stops;  // once it is set, nobody waits for an answer any more
};

// Where questions are answered for which hosts must be compiled: on a thread of its own, one after
// the other, so that the loop serves others and edits do not wait for it. [loop]
class Reader {
  public:
    Reader(const state::State& state, std::function<std::shared_ptr<const ModelIndex>()> index);

    // `read` is called once, on the thread, unless this fails: `busy` when too many wait. It gets
    // the error of the store, or `cancelled` after stop().
    using Read = std::function<void(const Result<Moment>&)>;
    Result<void> read(Read read);
    // Ends the thread; those that wait are answered before.
    void stop();

  private:
    const state::State& state_;
    std::function<std::shared_ptr<const ModelIndex>()> index_;
    std::shared_ptr<std::atomic<bool>> stops_ = std::make_shared<std::atomic<bool>>(false);
    run::Lane lane_;
};

}  // namespace evenkeel::plans
