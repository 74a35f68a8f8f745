#pragma once

#include <ctime>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace evenkeel::posix {

// RFC 3339 in UTC with milliseconds: "2026-11-23T05:36:53.120Z".
std::string to_rfc3339(const struct timespec& time);

// A JSON array of strings.
std::string list_json(const std::vector<std::string>& texts);

// The permission bits as four octal digits: "0644", "2775".
std::string mode_text(mode_t mode);
// The reverse; throws EK_E_INVALID at "/mode" for anything but four octal digits.
mode_t mode_of(std::string_view text);

}  // namespace evenkeel::posix
