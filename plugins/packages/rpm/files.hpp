#pragma once

#include <ctime>
#include <string>
#include <string_view>
#include <vector>

namespace evenkeel::packages {

// Up to 1 MiB of a file; "" if there is none.
std::string content_of(const std::string& path);
// Those that match, by name; see glob(7).
std::vector<std::string> matching(const std::string& pattern);
// The words of a setting, which may go on in indented lines: `key = one, two`. Pure.
std::vector<std::string> setting_in(std::string_view config, std::string_view key);
// The newest of the times at which they were last modified; 0: there are none.
std::time_t newest_of(const std::vector<std::string>& paths);

}  // namespace evenkeel::packages
