#pragma once

#include <chrono>
#include <cstdint>

#include "core/base/result.hpp"

namespace evenkeel::state {

class Edit;

// How long and how much of each kind is kept.
struct Retention {
    std::chrono::hours events_age = std::chrono::hours(7 * 24);
    std::uint64_t events_most = 1'000'000;
    std::chrono::hours commands_age = std::chrono::hours(30 * 24);
    std::chrono::hours plans_age = std::chrono::hours(30 * 24);
    std::size_t plans_most = 10'000;
    std::chrono::hours tokens_age = std::chrono::hours(90 * 24);  // since they count no more
    std::chrono::hours audit_age = std::chrono::hours(400 * 24);
    std::uint64_t audit_most = 5'000'000;
    std::chrono::hours replies_age = std::chrono::hours(24);
};

// One step of throwing away what is past that: bounded, so that the writer is never held for long.
// Call it again later for the rest. [lane]
Result<void> throw_away_old(Edit& edit, const Retention& retention);

}  // namespace evenkeel::state
