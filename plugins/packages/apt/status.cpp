#include "plugins/packages/apt/status.hpp"

#include <utility>

namespace evenkeel::packages {

namespace {

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r");
    if (first == text.npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

std::string_view next_word(std::string_view& text) {
    text = trimmed(text);
    const std::string_view word = text.substr(0, text.find_first_of(" \t"));
    text.remove_prefix(word.size());
    return word;
}

void read_field(std::string_view line, Entry& entry) {
    const auto colon = line.find(':');
    if (colon == line.npos) return;
    const std::string_view name = line.substr(0, colon);
    std::string_view value = trimmed(line.substr(colon + 1));
    if (name == "Package") {
        entry.name = value;
    } else if (name == "Architecture") {
        entry.architecture = value;
    } else if (name == "Version") {
        entry.version = value;
    } else if (name == "Status") {
        entry.want = next_word(value);
        entry.flag = next_word(value);
        entry.condition = next_word(value);
    } else if (name == "Auto-Installed") {
        entry.automatic = !value.empty() && value != "0";
    }
}

}  // namespace

void parse_status(std::string_view text, const std::function<void(Entry)>& take) {
    Entry entry;
    const auto finish = [&] {
        if (!entry.name.empty()) take(std::move(entry));
        entry = Entry();
    };
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(line.size() < text.size() ? line.size() + 1 : line.size());
        if (line.empty()) {
            finish();
        } else if (line.front() != ' ' && line.front() != '\t') {
            read_field(line, entry);
        }
    }
    finish();
}

}  // namespace evenkeel::packages
