#include "core/store/counters.hpp"

#include <atomic>

namespace evenkeel::store {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

std::atomic<std::uint64_t> reads;
std::atomic<std::uint64_t> writes;
std::atomic<std::uint64_t> commits;

}  // namespace

Counters counters() {
    return {reads.load(kRelaxed), writes.load(kRelaxed), commits.load(kRelaxed)};
}

void count_read() {
    reads.fetch_add(1, kRelaxed);
}

void count_write() {
    writes.fetch_add(1, kRelaxed);
}

void count_commit() {
    commits.fetch_add(1, kRelaxed);
}

}  // namespace evenkeel::store
