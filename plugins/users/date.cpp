#include "plugins/users/date.hpp"

#include <array>
#include <charconv>
#include <cstdio>
#include <ctime>

#include <evenkeel/cpp/failure.hpp>

#include "plugins/accounts/database.hpp"

namespace evenkeel::users {

namespace {

constexpr std::int64_t kDaySeconds = 86400;

}  // namespace

std::string to_date(std::int64_t days) {
    if (days == accounts::kNone) return "never";
    const std::time_t seconds = days * kDaySeconds;
    struct tm day {};
    ::gmtime_r(&seconds, &day);
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%04d-%02d-%02d", day.tm_year + 1900, day.tm_mon + 1,
                  day.tm_mday);
    return text.data();
}

std::int64_t days_of(std::string_view date) {
    if (date == "never") return accounts::kNone;
    struct tm day {};
    const auto number = [&](std::size_t at, std::size_t length, int& value) {
        if (at + length > date.size()) return;
        std::from_chars(date.data() + at, date.data() + at + length, value);
    };
    if (date.size() == 10) {
        number(0, 4, day.tm_year);
        number(5, 2, day.tm_mon);
        number(8, 2, day.tm_mday);
    }
    day.tm_year -= 1900;
    day.tm_mon -= 1;
    const std::time_t seconds = ::timegm(&day);
    // A 30 February is normalized to a day of March, which is not what was parsed.
    if (seconds >= 0 && to_date(seconds / kDaySeconds) == date) return seconds / kDaySeconds;
    throw sdk::Failure(EK_E_INVALID,
                       "expires is a day from 1970-01-01 on, like 2030-12-31, or never")
        .at("/expires");
}

}  // namespace evenkeel::users
