#include "plugins/packages/apt/messages.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

namespace evenkeel::packages {

namespace {

constexpr std::size_t kTailMax = 1500;
constexpr std::size_t kLineMax = 300;

struct Rule {
    std::string_view words;
    ek_status status;
};

// In this order: the words of the cause before those of what followed from it.
constexpr std::array kRules = {
    Rule{"Unable to locate package", EK_E_NOT_FOUND},
    Rule{"has no installation candidate", EK_E_NOT_FOUND},
    Rule{"was not found", EK_E_NOT_FOUND},
    Rule{"Could not get lock", EK_E_BUSY},
    Rule{"Unable to acquire the dpkg frontend lock", EK_E_BUSY},
    Rule{"frontend lock was locked by another process", EK_E_BUSY},
    Rule{"is locked by another process", EK_E_BUSY},
    Rule{"Unable to lock", EK_E_BUSY},
    Rule{"trying to overwrite", EK_E_CONFLICT},
    Rule{"remove is disabled", EK_E_CONFLICT},
    Rule{"Held packages were changed", EK_E_CONFLICT},
    Rule{"Essential packages were removed", EK_E_DENIED},
    Rule{"essential", EK_E_DENIED},
    Rule{"unauthenticated packages", EK_E_DENIED},
    Rule{"No space left on device", EK_E_UNAVAILABLE},
    Rule{"enough free space", EK_E_UNAVAILABLE},
    Rule{"Failed to fetch", EK_E_UNAVAILABLE},
    Rule{"Unable to fetch", EK_E_UNAVAILABLE},
    Rule{"Depends: ", EK_E_CONFLICT},
    Rule{"Conflicts: ", EK_E_CONFLICT},
    Rule{"Breaks: ", EK_E_CONFLICT},
    Rule{"unmet dependencies", EK_E_CONFLICT},
    Rule{"held broken packages", EK_E_CONFLICT},
    Rule{"resolver", EK_E_CONFLICT},
    Rule{"maintainer script", EK_E_INTERNAL},
    Rule{"script subprocess", EK_E_INTERNAL},
};

std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        lines.push_back(line);
    }
    return lines;
}

// A line without what only lays it out.
std::string cleaned(std::string_view line) {
    const auto first = line.find_first_not_of(" \t");
    if (first == line.npos) return {};
    line.remove_prefix(first);
    for (const std::string_view mark : {"E: ", "dpkg: error: ", "dpkg: "})
        if (line.substr(0, mark.size()) == mark) line.remove_prefix(mark.size());
    std::string text;
    // Columns are aligned by blanks.
    for (const char c : line.substr(0, kLineMax))
        if (c != ' ' || (!text.empty() && text.back() != ' ')) text += c;
    return text;
}

std::string first_error(const std::vector<std::string_view>& lines) {
    for (const std::string_view mark : {"E: ", "dpkg: error"})
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

sdk::Failure failure_in(std::string_view output, const std::string& doing) {
    const auto lines = lines_of(output);
    for (const Rule& rule : kRules) {
        for (const std::string_view line : lines) {
            if (line.find(rule.words) == line.npos) continue;
            sdk::Failure failure(rule.status, "cannot " + doing + ": " + cleaned(line));
            failure.hint(tail_of(output));
            if (rule.status == EK_E_BUSY) failure.retry_after_ms(5'000);
            return failure;
        }
    }
    const std::string error = first_error(lines);
    sdk::Failure failure(EK_E_INTERNAL, "cannot " + doing + (error.empty() ? "" : ": " + error));
    failure.hint(tail_of(output));
    return failure;
}

}  // namespace evenkeel::packages
