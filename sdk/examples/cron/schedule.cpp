#include "schedule.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <iterator>
#include <vector>

namespace cron {

namespace {

struct Field {
    const char* name;
    int least, most;
    std::vector<std::string_view> words;  // of the numbers from `least` on
};

const std::vector<Field>& fields() {
    static const std::vector<Field> kFields = {
        {"minute", 0, 59, {}},
        {"hour", 0, 23, {}},
        {"day of the month", 1, 31, {}},
        {"month",
         1,
         12,
         {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}},
        {"day of the week", 0, 7, {"sun", "mon", "tue", "wed", "thu", "fri", "sat"}},
    };
    return kFields;
}

std::vector<std::string_view> split(std::string_view text, char at) {
    std::vector<std::string_view> parts;
    while (true) {
        const std::size_t end = text.find(at);
        parts.push_back(text.substr(0, end));
        if (end == text.npos) return parts;
        text.remove_prefix(end + 1);
    }
}

// -1 for what is no number or name of the field.
int number_of(std::string_view text, const Field& field) {
    int value = -1;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    if (read.ec == std::errc() && read.ptr == text.data() + text.size())
        return value >= field.least && value <= field.most ? value : -1;
    std::string word(text);
    for (char& letter : word)
        letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
    const auto found = std::find(field.words.begin(), field.words.end(), word);
    if (found == field.words.end()) return -1;
    return field.least + static_cast<int>(std::distance(field.words.begin(), found));
}

bool is_step(std::string_view text, const Field& field) {
    int value = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    return read.ec == std::errc() && read.ptr == text.data() + text.size() && value > 0 &&
           value <= field.most;
}

// "*", "5", "1-5", each perhaps with "/2"; a step needs a range.
bool is_item(std::string_view item, const Field& field) {
    const auto parts = split(item, '/');
    if (parts.size() > 2 || (parts.size() == 2 && !is_step(parts[1], field))) return false;
    if (parts[0] == "*") return true;
    const auto ends = split(parts[0], '-');
    if (ends.size() > 2 || (ends.size() == 1 && parts.size() == 2)) return false;
    const int from = number_of(ends.front(), field), to = number_of(ends.back(), field);
    return from >= 0 && to >= from;
}

}  // namespace

std::string why_no_schedule(std::string_view schedule) {
    static const std::vector<std::string_view> kWords = {
        "@reboot", "@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"};
    if (schedule.rfind('@', 0) == 0) {
        const bool known = std::find(kWords.begin(), kWords.end(), schedule) != kWords.end();
        return known ? "" : "cron has no " + std::string(schedule);
    }
    const auto parts = split(schedule, ' ');
    if (parts.size() != fields().size())
        return "a schedule has five fields with one space between them";
    for (std::size_t at = 0; at < parts.size(); ++at)
        for (const std::string_view item : split(parts[at], ','))
            if (!is_item(item, fields()[at]))
                return "\"" + std::string(item) + "\" is no " + fields()[at].name;
    return "";
}

}  // namespace cron
