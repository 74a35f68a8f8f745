#include "core/agent/compliance/sweep.hpp"

#include <algorithm>
#include <random>

#include "core/agent/compliance/assess.hpp"
#include "core/agent/compliance/checker.hpp"
#include "core/agent/compliance/compliance_tracker.hpp"
#include "core/agent/model/catalog.hpp"
#include "core/base/time.hpp"

namespace evenkeel::agent {

Sweep::Sweep(Catalog& catalog, Checker& checker, ComplianceTracker& tracker, run::Loop& loop,
             std::chrono::milliseconds interval)
    : catalog_(catalog), checker_(checker), tracker_(tracker), loop_(loop), interval_(interval) {}

void Sweep::start() {
    plan();
    // Not at once: what was loaded is being checked just now.
    stale_ = loop_.after(interval_ / 2, [this] { find_stale(); });
}

std::size_t Sweep::pieces() const {
    return std::clamp<std::size_t>(catalog_.size() / kPieceLeast, 1, kPiecesMost);
}

void Sweep::plan() {
    static std::mt19937_64 random{std::random_device()()};
    const double factor = std::uniform_real_distribution<double>(0.8, 1.2)(random);
    const auto wait = std::chrono::milliseconds(static_cast<std::int64_t>(
        static_cast<double>(interval_.count()) * factor / static_cast<double>(pieces())));
    next_ = loop_.after(wait, [this] { run(); });
}

void Sweep::run() {
    const std::size_t most = catalog_.size() / pieces() + 1;
    at_ = checker_.request_next(at_, most, CheckTrigger::sweep);
    plan();
}

void Sweep::find_stale() {
    const auto old_ns = static_cast<std::uint64_t>(std::chrono::nanoseconds(3 * interval_).count());
    const std::uint64_t now = now_monotonic_ns();
    for (auto& [ref, entry] : catalog_) {
        if (entry.status.compliance.status == wire::Verdict::compliant &&
            entry.checked_ns + old_ns < now) {
            tracker_.unknown(entry, wire::UnknownReason::stale);
        }
    }
    stale_ = loop_.after(interval_ / 2, [this] { find_stale(); });
}

}  // namespace evenkeel::agent
