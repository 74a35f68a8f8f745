#include "core/base/time.hpp"

#include <algorithm>
#include <ctime>

#include "core/base/file.hpp"
#include "core/base/text.hpp"

namespace evenkeel {
namespace {

using std::chrono::milliseconds;

struct TimeUnit {
    std::string_view name;
    std::int64_t ms;
};
// Largest first, for to_duration. "ms" stands before "m" and "s" would match its end.
constexpr TimeUnit kUnits[] = {
    {"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}};
constexpr std::int64_t kLongestMs = 3'650LL * 86'400'000;

}  // namespace

std::int64_t now_unix_ms() {
    using namespace std::chrono;
    return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

std::uint64_t now_monotonic_ns() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000u +
           static_cast<std::uint64_t>(now.tv_nsec);
}

namespace {

std::string read_boot_id() {
    std::string id = read_file("/proc/sys/kernel/random/boot_id").value_or("");
    while (!id.empty() && id.back() == '\n') id.pop_back();
    return id;
}

}  // namespace

Moment Moment::now() {
    static const std::string boot = read_boot_id();
    return {boot, now_monotonic_ms(), now_unix_ms()};
}

milliseconds time_between(const Moment& from, const Moment& to) {
    const bool same_boot = !from.boot.empty() && from.boot == to.boot;
    const std::int64_t ms =
        same_boot ? to.monotonic_ms - from.monotonic_ms : to.wall_ms - from.wall_ms;
    return milliseconds(ms > 0 ? ms : 0);
}

milliseconds time_since(const Moment& moment) {
    return time_between(moment, Moment::now());
}

std::string to_rfc3339(std::int64_t unix_ms) {
    std::int64_t seconds = unix_ms / 1000;
    std::int64_t fraction = unix_ms % 1000;
    if (fraction < 0) {
        fraction += 1000;
        --seconds;
    }
    const std::time_t time = static_cast<std::time_t>(seconds);
    std::tm utc{};
    gmtime_r(&time, &utc);
    std::string text;
    text.reserve(24);
    const auto put = [&text](std::int64_t number, std::size_t width, char behind) {
        std::string digits = std::to_string(number);
        text.append(width - std::min(width, digits.size()), '0').append(digits).push_back(behind);
    };
    put(utc.tm_year + 1900, 4, '-');
    put(utc.tm_mon + 1, 2, '-');
    put(utc.tm_mday, 2, 'T');
    put(utc.tm_hour, 2, ':');
    put(utc.tm_min, 2, ':');
    put(utc.tm_sec, 2, '.');
    put(fraction, 3, 'Z');
    return text;
}

Result<std::int64_t> from_rfc3339(std::string_view text) {
    const auto bad = [&] {
        return fail(Errc::invalid, "'" + printable(text) + "' is not an RFC 3339 time in UTC");
    };
    constexpr std::string_view kShape = "dddd-dd-ddTdd:dd:dd";
    if (text.size() < kShape.size() + 1 || text.back() != 'Z') return bad();
    for (std::size_t i = 0; i < kShape.size(); ++i) {
        const bool digit = text[i] >= '0' && text[i] <= '9';
        if (kShape[i] == 'd' ? !digit : text[i] != kShape[i]) return bad();
    }
    const auto number = [&](std::size_t at, std::size_t length) {
        return static_cast<int>(parse_number(text.substr(at, length)).value_or(0));
    };
    std::tm utc{};
    utc.tm_year = number(0, 4) - 1900;
    utc.tm_mon = number(5, 2) - 1;
    utc.tm_mday = number(8, 2);
    utc.tm_hour = number(11, 2);
    utc.tm_min = number(14, 2);
    utc.tm_sec = number(17, 2);
    const std::tm asked = utc;
    const std::int64_t seconds = timegm(&utc);
    if (asked.tm_mon != utc.tm_mon || asked.tm_mday != utc.tm_mday ||
        asked.tm_hour != utc.tm_hour || asked.tm_min != utc.tm_min || asked.tm_sec != utc.tm_sec) {
        return bad();
    }
    std::string_view rest = text.substr(kShape.size(), text.size() - kShape.size() - 1);
    std::int64_t ms = 0;
    if (!rest.empty()) {
        if (rest[0] != '.' || rest.size() < 2 || rest.size() > 10) return bad();
        rest.remove_prefix(1);
        for (std::size_t i = 0; i < rest.size(); ++i) {
            if (rest[i] < '0' || rest[i] > '9') return bad();
        }
        for (std::size_t i = 0; i < 3; ++i) ms = ms * 10 + (i < rest.size() ? rest[i] - '0' : 0);
    }
    return seconds * 1000 + ms;
}

Result<milliseconds> parse_duration(std::string_view text) {
    const std::size_t digits = text.find_first_not_of("0123456789");
    if (digits != 0 && digits != std::string_view::npos) {
        const auto count = parse_number(text.substr(0, digits));
        for (const TimeUnit& unit : kUnits) {
            if (!count || text.substr(digits) != unit.name) continue;
            if (*count > static_cast<std::uint64_t>(kLongestMs / unit.ms)) {
                return fail(Errc::invalid, "duration '" + printable(text) + "' is over ten years");
            }
            return milliseconds(static_cast<std::int64_t>(*count) * unit.ms);
        }
    }
    return fail(Errc::invalid,
                "'" + printable(text) + "' is not a duration such as 500ms, 30s, 10m, 2h or 7d");
}

std::string to_duration(milliseconds value) {
    for (const TimeUnit& unit : kUnits) {
        if (value.count() % unit.ms == 0 && (value.count() != 0 || unit.name == "s")) {
            return std::to_string(value.count() / unit.ms) + std::string(unit.name);
        }
    }
    return std::to_string(value.count()) + "ms";
}

}  // namespace evenkeel
