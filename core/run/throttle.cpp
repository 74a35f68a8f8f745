#include "core/run/throttle.hpp"

#include <algorithm>
#include <array>

#include <arpa/inet.h>
#include <netinet/in.h>

namespace evenkeel::run {

// One window for all keys: it needs no clock of its own, and forgets everything at its end.
void Throttle::begin_window(std::uint64_t now_ns) {
    if (now_ns < ends_ns_) return;
    counts_.clear();
    ends_ns_ = now_ns + static_cast<std::uint64_t>(window_ns_);
}

bool Throttle::take(std::string_view key, std::uint64_t now_ns) {
    if (is_full(key, now_ns)) return false;
    ++counts_[std::string(key)];
    return true;
}

bool Throttle::is_full(std::string_view key, std::uint64_t now_ns) {
    begin_window(now_ns);
    const auto found = counts_.find(std::string(key));
    if (found != counts_.end()) return found->second >= most_;
    return most_ == 0 || counts_.size() >= kKeysMost;
}

std::int64_t Throttle::retry_after_s(std::uint64_t now_ns) const {
    const std::uint64_t left = ends_ns_ > now_ns ? ends_ns_ - now_ns : 0;
    return std::max<std::int64_t>(1,
                                  static_cast<std::int64_t>((left + 999'999'999) / 1'000'000'000));
}

std::string source_of(const std::string& address) {
    in6_addr bytes{};
    if (inet_pton(AF_INET6, address.c_str(), &bytes) != 1) return address;
    if (IN6_IS_ADDR_V4MAPPED(&bytes)) return address.substr(address.rfind(':') + 1);
    std::fill(bytes.s6_addr + 8, bytes.s6_addr + 16, std::uint8_t{0});
    std::array<char, INET6_ADDRSTRLEN> text{};
    inet_ntop(AF_INET6, &bytes, text.data(), text.size());
    return std::string(text.data()) + "/64";
}

}  // namespace evenkeel::run
