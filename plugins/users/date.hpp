#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace evenkeel::users {

// Days since 1970-01-01 as "2026-11-23"; kNone as "never".
std::string to_date(std::int64_t days);
// The reverse; throws EK_E_INVALID at "/expires" for what is no day of the calendar since 1970.
std::int64_t days_of(std::string_view date);

}  // namespace evenkeel::users
