#include "core/run/backoff.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <random>
#include <utility>

namespace evenkeel::run {
namespace {

Backoff::Random system_random() {
    // Held by pointer, because a std::function is copied.
    auto engine = std::make_shared<std::mt19937_64>(std::random_device{}());
    return [engine] { return std::uniform_real_distribution<double>(0.0, 1.0)(*engine); };
}

}  // namespace

Backoff::Backoff(std::chrono::milliseconds base, std::chrono::milliseconds cap)
    : Backoff(base, cap, system_random()) {}

Backoff::Backoff(std::chrono::milliseconds base, std::chrono::milliseconds cap, Random random)
    : base_(base), cap_(cap), random_(std::move(random)) {}

std::chrono::milliseconds Backoff::next() {
    const double widest = std::ldexp(static_cast<double>(base_.count()), failures_);
    const double span = std::min(widest, static_cast<double>(cap_.count()));
    failures_ = std::min(failures_ + 1, 60);  // the cap holds long before
    const double part = random_ ? random_() : 1.0;
    return std::chrono::milliseconds(static_cast<std::int64_t>(std::llround(span * part)));
}

}  // namespace evenkeel::run
