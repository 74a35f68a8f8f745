#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

namespace evenkeel::run {

// Rate limit: each key, such as a source address or token, may act `most` times in each window.
// Memory is bounded by kKeysMost, even when a client invents keys. [loop]
class Throttle {
  public:
    Throttle(std::uint32_t most, std::chrono::milliseconds window)
        : most_(most), window_ns_(std::chrono::nanoseconds(window).count()) {}

    // Counts one action; false when it is over the limit. `now_ns` is monotonic.
    bool take(std::string_view key, std::uint64_t now_ns);
    // Whether the next take() would be refused.
    bool is_full(std::string_view key, std::uint64_t now_ns);
    // Whole seconds until the window is over, at least 1: for Retry-After.
    std::int64_t retry_after_s(std::uint64_t now_ns) const;

    static constexpr std::size_t kKeysMost = 100'000;

  private:
    void begin_window(std::uint64_t now_ns);

    std::uint32_t most_;
    std::int64_t window_ns_;
    std::uint64_t ends_ns_ = 0;
    std::unordered_map<std::string, std::uint32_t> counts_;
};

// What counts as one source: an IPv4 address, or the /64 of an IPv6 one, which one customer has
// whole. Text that is no address stays as it is.
std::string source_of(const std::string& address);

}  // namespace evenkeel::run
