#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

// How all programs read their command line, and what they say of one that does not read. [any]
namespace evenkeel::command_line {

// The exit code for a line that does not read.
inline constexpr int kExitUsage = 2;

// Reads the line into what `app`, which has the program's name, was told of. Nothing to go on; else
// what the program shall exit with: the help was printed, or usage_lines() on standard error, each
// after the program's name.
std::optional<int> parse(CLI::App& app, int argc, const char* const* argv);

// What is wrong with the line `words` (those behind the program's name) that `app` could not read
// for `reason`: the word that is not known and the one nearest to it, what is missing, or the
// reason itself; then where to read more.
std::vector<std::string> usage_lines(const CLI::App& app, const std::vector<std::string>& words,
                                     std::string_view reason);

// The candidate that `word` was most likely meant to be, or empty.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

// "a", "a and b", "a, b and c".
std::string listed_in_words(const std::vector<std::string>& words, std::string_view last = "and");

}  // namespace evenkeel::command_line
