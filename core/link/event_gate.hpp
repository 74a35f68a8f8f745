#pragma once

#include <atomic>
#include <memory>
#include <utility>

#include "core/link/message.hpp"

namespace evenkeel::link {

// Passes events to their receiver through the executor, until it is shut. When shut on the
// executor's thread, it also drops the events that the executor was given before.
template <typename Events>
class EventGate {
  public:
    EventGate(Events events, Executor executor)
        : state_(std::make_shared<State>(std::move(events))), executor_(std::move(executor)) {}

    // `call` gets the Events. [any]
    template <typename Call>
    void post(Call call) const {
        executor_([state = state_, call = std::move(call)] {
            if (state->open) call(state->events);
        });
    }
    void shut() { state_->open = false; }

  private:
    struct State {
        explicit State(Events given) : events(std::move(given)) {}
        std::atomic<bool> open{true};
        const Events events;
    };
    std::shared_ptr<State> state_;
    Executor executor_;
};

}  // namespace evenkeel::link
