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

// Reads the line into what `app`, which has the program's name, was told of. Nothing to go on; else
// what the program shall exit with (exit.hpp): the help was printed, or usage_lines() on standard
// error, each after the program's name.
std::optional<int> parse(CLI::App& app, int argc, const char* const* argv);

// What is wrong with the line `words` (those behind the program's name) that `app` could not read
// for `reason`: the word that is not known and the one nearest to it, what is missing, or the
// reason itself; then where to read more.
std::vector<std::string> usage_lines(const CLI::App& app, const std::vector<std::string>& words,
                                     std::string_view reason);

}  // namespace evenkeel::command_line
