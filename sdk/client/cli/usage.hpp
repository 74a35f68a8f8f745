#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

namespace evenkeel::cli {

// What is wrong with the line `words` (those behind "ek") that `app` could not read for `reason`:
// the word that is not known and the one nearest to it, what is missing, or the reason itself.
std::string usage_error(const CLI::App& app, const std::vector<std::string>& words,
                        std::string_view reason);

// The candidate that `word` was most likely meant to be, or empty.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

// "a", "a and b", "a, b and c".
std::string listed_in_words(const std::vector<std::string>& words, std::string_view last = "and");

}  // namespace evenkeel::cli
