#pragma once

#include <algorithm>
#include <string_view>
#include <vector>

// Splits the output of package managers. Pure.
namespace evenkeel::packages {

inline bool starts(std::string_view text, std::string_view beginning) {
    return text.substr(0, beginning.size()) == beginning;
}

// Removes from `text` what comes before `separator`, and that, and returns it.
inline std::string_view take_part(std::string_view& text, char separator) {
    const std::string_view part = text.substr(0, text.find(separator));
    text.remove_prefix(std::min(part.size() + 1, text.size()));
    return part;
}

inline std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) lines.push_back(take_part(text, '\n'));
    return lines;
}

inline std::vector<std::string_view> words_of(std::string_view line) {
    std::vector<std::string_view> words;
    while (!line.empty())
        if (const std::string_view word = take_part(line, ' '); !word.empty())
            words.push_back(word);
    return words;
}

}  // namespace evenkeel::packages
