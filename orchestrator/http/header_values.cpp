#include "orchestrator/http/header_values.hpp"

#include <algorithm>

namespace evenkeel::http {

namespace {

// Whether the weight of this item of an Accept list is 0, which excludes the type.
bool refused(std::string_view parameters) {
    while (!parameters.empty()) {
        const std::size_t end = std::min(parameters.find(';'), parameters.size());
        const std::string item = to_lower(trim(parameters.substr(0, end)));
        parameters.remove_prefix(std::min(end + 1, parameters.size()));
        if (item.rfind("q=", 0) != 0) continue;
        return item.size() > 2 && item.find_first_not_of("0.", 2) == std::string::npos;
    }
    return false;
}

// How exactly `range` names `type`: 0 not at all, 1 by */*, 2 by type/*, 3 whole.
int precision(std::string_view range, std::string_view type) {
    if (range == type) return 3;
    if (range == "*/*" || range == "*") return 1;
    const std::size_t slash = type.find('/');
    return range.size() == slash + 2 && range.substr(0, slash + 1) == type.substr(0, slash + 1) &&
                   range.back() == '*'
               ? 2
               : 0;
}

}  // namespace

std::string to_lower(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return out;
}

std::string_view trim(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

std::vector<std::string_view> list_items(std::string_view list) {
    std::vector<std::string_view> items;
    bool quoted = false;
    std::size_t begin = 0;
    for (std::size_t at = 0; at <= list.size(); ++at) {
        if (at < list.size() && list[at] == '"') quoted = !quoted;
        if (at < list.size() && (quoted || list[at] != ',')) continue;
        const std::string_view item = trim(list.substr(begin, at - begin));
        if (!item.empty()) items.push_back(item);
        begin = at + 1;
    }
    return items;
}

bool has_token(std::string_view list, std::string_view token) {
    const auto items = list_items(list);
    return std::any_of(items.begin(), items.end(),
                       [&](std::string_view item) { return to_lower(item) == to_lower(token); });
}

bool is_token(std::string_view text) {
    constexpr std::string_view kTchar =
        "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    return !text.empty() && text.find_first_not_of(kTchar) == std::string_view::npos;
}

bool accepts(const std::string* accept, const std::vector<std::string>& types) {
    if (!accept || trim(*accept).empty()) return true;
    const auto items = list_items(*accept);
    return std::any_of(types.begin(), types.end(), [&](const std::string& type) {
        int best = 0;
        bool taken = false;
        for (std::string_view item : items) {
            const std::size_t end = std::min(item.find(';'), item.size());
            const int precise = precision(to_lower(trim(item.substr(0, end))), type);
            if (precise == 0 || precise < best) continue;
            best = precise;
            taken = !refused(item.substr(end));
        }
        return taken;
    });
}

std::string media_type(std::string_view content_type) {
    return to_lower(trim(content_type.substr(0, content_type.find(';'))));
}

}  // namespace evenkeel::http
