#include "orchestrator/state/lease_keeper.hpp"

#include <utility>

#include "core/base/log.hpp"
#include "orchestrator/state/edit.hpp"

namespace evenkeel::state {

LeaseKeeper::LeaseKeeper(State& state, std::string name, std::string owner,
                         std::chrono::nanoseconds patience)
    : state_(state),
      name_(std::move(name)),
      owner_(std::move(owner)),
      patience_ns_(static_cast<std::uint64_t>(patience.count())),
      mine_(std::make_shared<Mine>()) {}

void LeaseKeeper::turn(std::uint64_t now_ns) {
    if (mine_->asking || mine_->over) return;
    if (mine_->term) return renew();
    const auto view = state_.read();
    const auto lease = view ? view->leases().find(name_) : fail(view.error());
    if (!lease) {
        log::error("a lease cannot be read", {{"lease", name_}, {"error", lease.error().what}});
        return;
    }
    if (may_take(*lease, now_ns)) take(*lease);
}

bool LeaseKeeper::may_take(const std::optional<Lease>& lease, std::uint64_t now_ns) {
    if (!lease || lease->owner.empty() || lease->owner == owner_) return true;
    if (lease != seen_) {
        seen_ = lease;
        seen_ns_ = now_ns;
    }
    return now_ns - seen_ns_ >= patience_ns_;
}

void LeaseKeeper::renew() {
    mine_->asking = true;
    state_.submit(
        [name = name_, term = *mine_->term](Edit& edit) { return edit.leases().renew(name, term); },
        [mine = mine_, name = name_](const Result<void>& done) {
            mine->asking = false;
            if (done || done.error().code != Errc::conflict) return;
            log::warning("a lease was taken over by another", {{"lease", name}});
            mine->term.reset();
        },
        store::Importance::freeing);
}

void LeaseKeeper::take(const std::optional<Lease>& seen) {
    mine_->asking = true;
    auto taken = std::make_shared<Lease>();
    state_.submit(
        [name = name_, owner = owner_, seen, taken](Edit& edit) -> Result<void> {
            *taken = EK_TRY(edit.leases().take(name, owner, seen));
            return {};
        },
        [mine = mine_, name = name_, taken](const Result<void>& done) {
            mine->asking = false;
            // Another orchestrator was faster: its lease is watched like any other.
            if (!done) return;
            mine->term = taken->term;
            log::info("a lease is held here",
                      {{"lease", name}, {"term", std::to_string(taken->term)}});
        },
        store::Importance::freeing);
}

void LeaseKeeper::submit(State::Work work, State::Done done, store::Importance importance) {
    // No term is 0: without a lease nothing is committed.
    const std::uint64_t term = mine_->term.value_or(0);
    state_.submit(
        [name = name_, term, work = std::move(work)](Edit& edit) -> Result<void> {
            EK_CHECK(edit.leases().require(name, term));
            return work(edit);
        },
        std::move(done), importance);
}

void LeaseKeeper::release() {
    mine_->over = true;
    if (!mine_->term) return;
    state_.submit([name = name_,
                   term = *mine_->term](Edit& edit) { return edit.leases().release(name, term); },
                  [](const Result<void>&) { /* else another waits a little */ });
    mine_->term.reset();
}

}  // namespace evenkeel::state
