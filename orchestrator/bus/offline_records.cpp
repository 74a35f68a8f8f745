#include "orchestrator/bus/offline_records.hpp"

#include <chrono>
#include <utility>

#include "core/base/log.hpp"
#include "core/base/time.hpp"
#include "orchestrator/hosts/lifecycle.hpp"
#include "orchestrator/hosts/presence.hpp"
#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/state.hpp"

namespace evenkeel::bus {
namespace {

constexpr std::chrono::seconds kShortestPause{1}, kLongestPause{60};

}  // namespace

OfflineRecords::OfflineRecords(run::Loop& loop, state::State& state,
                               const hosts::Presence& presence, IsOnline is_online)
    : loop_(loop),
      state_(state),
      presence_(presence),
      is_online_(std::move(is_online)),
      pauses_(run::Backoff::without_jitter(kShortestPause, kLongestPause)) {}

void OfflineRecords::add(const std::string& host) {
    record(host, false);
}

void OfflineRecords::record(const std::string& host, bool is_again) {
    state_.submit(
        [host, last_seen = presence_.last_message_ms(host)](state::Edit& edit) {
            return hosts::host_disconnected(edit, host, to_rfc3339(last_seen));
        },
        [this, there = std::weak_ptr(is_there_), host, is_again](const Result<void>& done) {
            if (there.expired()) return;
            if (done) return pauses_.reset();
            if (!is_again) {
                log::error("a host was not recorded as offline",
                           {{"host", host}, {"error", done.error().what}});
            }
            const Errc code = done.error().code;
            if (code == Errc::not_found || code == Errc::corrupt) return;
            failed_.insert(host);
            retry_later();
        },
        store::Importance::urgent);
}

void OfflineRecords::stop() {
    is_there_.reset();
    retry_.cancel();
}

void OfflineRecords::retry_later() {
    if (!retry_.pending()) retry_ = loop_.after(pauses_.next(), [this] { retry(); });
}

void OfflineRecords::retry() {
    for (const std::string& host : std::exchange(failed_, {})) {
        if (is_online_(host)) continue;
        // Its hello may still fail, and then it was not online.
        if (presence_.has_link(host)) failed_.insert(host);
        else record(host, true);
    }
    if (!failed_.empty()) retry_later();
}

}  // namespace evenkeel::bus
