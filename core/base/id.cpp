#include "core/base/id.hpp"

#include <array>
#include <cstdint>
#include <cstdlib>
#include <mutex>

#include <sys/random.h>

#include "core/base/text.hpp"
#include "core/base/time.hpp"

namespace evenkeel {
namespace {

// Milliseconds since 1970, and a counter within one millisecond, so that ids keep their order.
struct Tick {
    std::uint64_t ms = 0;
    std::uint16_t count = 0;  // 12 bits
};

Tick next_tick() {
    static std::mutex mutex;
    static Tick last;
    const std::lock_guard lock(mutex);
    const auto now = static_cast<std::uint64_t>(now_unix_ms());
    if (now > last.ms) last = Tick{now, 0};
    else if (++last.count == 0x1000) last = Tick{last.ms + 1, 0};
    return last;
}

}  // namespace

std::string make_id(std::string_view prefix) {
    std::array<unsigned char, 16> bytes{};
    if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
        std::abort();  // without randomness no id is safe to hand out
    }
    const Tick tick = next_tick();
    for (std::size_t i = 0; i < 6; ++i) {
        bytes[i] = static_cast<unsigned char>(tick.ms >> (40 - 8 * i));
    }
    bytes[6] = static_cast<unsigned char>(0x70 | (tick.count >> 8));
    bytes[7] = static_cast<unsigned char>(tick.count & 0xFF);
    bytes[8] = static_cast<unsigned char>(0x80 | (bytes[8] & 0x3F));
    std::string hex = to_hex({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    for (const std::size_t at : {20u, 16u, 12u, 8u}) hex.insert(at, "-");
    return std::string(prefix) + "_" + hex;
}

bool is_id(std::string_view prefix, std::string_view text) {
    if (text.size() != prefix.size() + 37 || !text.starts_with(prefix)) return false;
    text.remove_prefix(prefix.size());
    if (text[0] != '_') return false;
    text.remove_prefix(1);
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        const bool hex = (text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f');
        if (dash ? text[i] != '-' : !hex) return false;
    }
    return true;
}

}  // namespace evenkeel
