#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace evenkeel::services {

// What a unit's own processes last wrote into the journal of this boot, not before `since_us`
// (CLOCK_MONOTONIC), for a reader who is not on the machine: at most five lines of 200 bytes, in
// quotes, each as hidden() shows it. Empty when there is nothing or the journal cannot be read.
// Waits up to a second for the journal to have what is on its way. [worker]
std::string last_lines(const std::string& unit, std::uint64_t since_us);

// The first `most` bytes, with "..." in place of the rest, and of a word that would not be whole:
// half of a secret is not known as one.
std::string shortened(std::string line, std::size_t most);

// A line of a log in which what looks like a secret is "***": what follows password=, token:,
// --key, the credentials of a URL or of an Authorization header, a word with a long run of random
// letters. The host takes out the secrets that it knows by itself, and what is left of them beside
// "***" and "...".
std::string hidden(const std::string& line);

}  // namespace evenkeel::services
