#include "plugins/packages/messages.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "plugins/packages/text.hpp"

namespace evenkeel::packages {

namespace {

constexpr std::size_t kTailMax = 1500;
constexpr std::size_t kLineMax = 300;
// Whatever its exit code: what it has done was read back.
const std::string kNoReason = "the program gave no reason, and it is not done";

// A line without what only lays it out.
std::string cleaned(std::string_view line) {
    const auto first = line.find_first_not_of(" \t");
    if (first == line.npos) return {};
    line.remove_prefix(first);
    for (const std::string_view mark :
         {"E: ", "dpkg: error: ", "dpkg: ", "Error: ", "error: ", "Problem: "})
        if (line.substr(0, mark.size()) == mark) line.remove_prefix(mark.size());
    std::string text;
    // Columns are aligned by blanks.
    for (const char c : line.substr(0, kLineMax))
        if (c != ' ' || (!text.empty() && text.back() != ' ')) text += c;
    return text;
}

std::string first_error(const std::vector<std::string_view>& lines) {
    for (const std::string_view mark : {"E: ", "dpkg: error", "Error: ", "error: "})
        for (const std::string_view line : lines)
            if (line.substr(0, mark.size()) == mark) return cleaned(line);
    return {};
}

}  // namespace

std::string tail_of(std::string_view output) {
    if (output.size() > kTailMax) {
        output.remove_prefix(output.size() - kTailMax);
        output.remove_prefix(std::min(output.find('\n') + 1, output.size()));
    }
    std::string tail;
    for (const std::string_view line : lines_of(output)) {
        const std::string text = cleaned(line);
        // "Reading package lists..." and the like.
        if (text.empty() || text.substr(0, 8) == "Reading " || text.substr(0, 9) == "Building ")
            continue;
        (tail += tail.empty() ? "" : " | ") += text;
    }
    return tail;
}

sdk::Failure failure_in(std::string_view output, const Rules& rules, const std::string& action) {
    const auto lines = lines_of(output);
    for (const Rule& rule : rules) {
        for (const std::string_view line : lines) {
            if (line.find(rule.words) == line.npos) continue;
            sdk::Failure failure(rule.status, "cannot " + action + ": " + cleaned(line));
            failure.hint(tail_of(output));
            if (rule.status == EK_E_BUSY) failure.retry_after_ms(5'000);
            return failure;
        }
    }
    const std::string error = first_error(lines);
    sdk::Failure failure(EK_E_INTERNAL,
                         "cannot " + action + ": " + (error.empty() ? kNoReason : error));
    failure.hint(tail_of(output));
    return failure;
}

}  // namespace evenkeel::packages
