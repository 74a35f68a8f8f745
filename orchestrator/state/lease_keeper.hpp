#pragma once

#include <chrono>
#include <memory>

#include "orchestrator/state/lease.hpp"
#include "orchestrator/state/state.hpp"

namespace evenkeel::state {

// One orchestrator's part in a lease: holds and renews it, or watches it and takes it over.
//
// `owner` names the orchestrator, and is the same at its next start. It belongs to a state folder,
// which is locked by one process at a time: an orchestrator that starts and finds a lease of its
// own name knows that its predecessor has ended, and takes it at once, under a new term. An
// orchestrator that stops gives it back, so that another need not wait either. Otherwise another
// takes it when its counter has not changed for `patience`, by its own monotonic clock, which the
// caller passes in `now_ns`.
//
// A holder that was delayed so long that another has taken over does not notice before its next
// turn; nothing that it submits meanwhile is committed, because the term is checked inside the
// transaction. [loop]
class LeaseKeeper {
  public:
    LeaseKeeper(State& state, std::string name, std::string owner,
                std::chrono::nanoseconds patience);

    // Renews the lease, watches it or takes it; call it well more often than once in `patience`.
    void turn(std::uint64_t now_ns);
    // Whether it was held at the last turn.
    bool holds() const { return mine_->term.has_value(); }

    // Submits a work that must be done once, if the lease is held: its term is required inside the
    // transaction. `done` as State::submit; `conflict` when the lease is not held, or not any more.
    void submit(State::Work work, State::Done done,
                store::Importance importance = store::Importance::ordinary);
    // Lets another have it at once; it is not taken again.
    void release();

  private:
    // What answers of the store may still change when this is gone.
    struct Mine {
        std::optional<std::uint64_t> term;  // under which it is held
        bool asking = false;                // a change of it is under way
        bool over = false;                  // given back
    };
    void renew();
    void take(const std::optional<Lease>& seen);
    bool may_take(const std::optional<Lease>& lease, std::uint64_t now_ns);

    State& state_;
    std::string name_;
    std::string owner_;
    std::uint64_t patience_ns_;
    std::shared_ptr<Mine> mine_;
    std::optional<Lease> seen_;  // another's, as it was when it was first seen like this
    std::uint64_t seen_ns_ = 0;
};

}  // namespace evenkeel::state
