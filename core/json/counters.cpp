#include "core/json/counters.hpp"

#include <atomic>

namespace evenkeel::json {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

std::atomic<std::uint64_t> parses;
std::atomic<std::uint64_t> parsed_bytes;
std::atomic<std::uint64_t> writes;
std::atomic<std::uint64_t> written_bytes;

}  // namespace

Counters counters() {
    return {parses.load(kRelaxed), parsed_bytes.load(kRelaxed), writes.load(kRelaxed),
            written_bytes.load(kRelaxed)};
}

void count_parse(std::uint64_t bytes) {
    parses.fetch_add(1, kRelaxed);
    parsed_bytes.fetch_add(bytes, kRelaxed);
}

void count_write(std::uint64_t bytes) {
    writes.fetch_add(1, kRelaxed);
    written_bytes.fetch_add(bytes, kRelaxed);
}

}  // namespace evenkeel::json
