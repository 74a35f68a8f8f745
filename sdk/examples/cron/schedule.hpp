#pragma once

#include <string>
#include <string_view>

namespace cron {

// Why cron would not take the schedule, in words; empty: it does.
std::string why_no_schedule(std::string_view schedule);

}  // namespace cron
