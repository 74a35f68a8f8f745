#include "core/json/peek.hpp"

#include <array>
#include <charconv>
#include <optional>

namespace evenkeel::json {
namespace {

constexpr auto kEnd = std::string_view::npos;

// The place behind the string that begins at `at`; kEnd when it has no end.
std::size_t skip_string(std::string_view text, std::size_t at) {
    for (std::size_t quote = text.find('"', at + 1); quote != kEnd;
         quote = text.find('"', quote + 1)) {
        std::size_t marks = 0;
        while (text[quote - 1 - marks] == '\\') ++marks;
        if (marks % 2 == 0) return quote + 1;
    }
    return kEnd;
}

// The same of an array or object.
std::size_t skip_nested(std::string_view text, std::size_t at) {
    for (std::size_t depth = 0; at < text.size();) {
        const char c = text[at];
        if (c == '"') {
            at = skip_string(text, at);
            continue;
        }
        ++at;
        if (c == '{' || c == '[') ++depth;
        if ((c == '}' || c == ']') && --depth == 0) return at;
    }
    return kEnd;
}

std::size_t skip_value(std::string_view text, std::size_t at) {
    if (at >= text.size()) return kEnd;
    if (text[at] == '"') return skip_string(text, at);
    if (text[at] == '{' || text[at] == '[') return skip_nested(text, at);
    return text.find_first_of(",}]", at);
}

std::optional<Value> read_number(std::string_view text) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc() && end == text.data() + text.size()) return number;
    auto parsed = parse(text);
    return parsed ? std::optional(*std::move(parsed)) : std::nullopt;
}

std::optional<Value> read_string(std::string_view text) {
    const std::string_view inside = text.substr(1, text.size() - 2);
    if (inside.find('\\') == kEnd) return Value(inside);
    auto parsed = parse(text);
    return parsed ? std::optional(*std::move(parsed)) : std::nullopt;
}

std::optional<Value> read_value(std::string_view text) {
    switch (text.front()) {
        case '"':
            return read_string(text);
        case '{':
            return Object();
        case '[':
            return Array();
        case 't':
            return true;
        case 'f':
            return false;
        case 'n':
            return nullptr;
        default:
            return read_number(text);
    }
}

// Calls `visit(name, text of the value)` for each member. False when the text cannot be told.
template <typename Visit>
bool each_member(std::string_view text, const Visit& visit) {
    if (!text.starts_with('{')) return false;
    if (text == "{}") return true;
    for (std::size_t at = 1; at < text.size() && text[at] == '"';) {
        const std::size_t colon = skip_string(text, at);
        if (colon == kEnd || colon >= text.size() || text[colon] != ':') return false;
        const std::string_view name = text.substr(at + 1, colon - at - 2);
        const std::size_t end = skip_value(text, colon + 1);
        if (end == kEnd || end >= text.size() || end == colon + 1) return false;
        if (name.find('\\') != kEnd) return false;
        if (!visit(name, text.substr(colon + 1, end - colon - 1))) return false;
        if (text[end] == '}') return end + 1 == text.size();
        if (text[end] != ',') return false;
        at = end + 1;
    }
    return false;
}

// What `path` names in an object; nothing when that cannot be told.
std::optional<Value> find_in(std::string_view text, std::string_view path);

// What it names by the member `name`; null also where it does not begin with that.
std::optional<Value> find_by(std::string_view name, std::string_view value, std::string_view path) {
    if (path == name) return read_value(value);
    const bool is_below =
        path.size() > name.size() && path[name.size()] == '.' && path.starts_with(name);
    if (is_below && value.front() == '[') return std::nullopt;
    return is_below && value.front() == '{' ? find_in(value, path.substr(name.size() + 1))
                                            : Value();
}

// How much of a path a member's name is, 0 for the whole of it: the lowest goes before the others.
std::size_t rank_of(std::string_view name, std::string_view path) {
    return name == path ? 0 : name.size() + 1;
}

// Keeps the value if it goes before the one that is kept. Where a member has the whole name, null
// is its value; else null says that nothing is there.
void take(Value found, std::size_t rank, Value& best, std::size_t& best_rank, bool& has) {
    if ((found.is_null() && rank != 0) || (has && best_rank < rank)) return;
    best = std::move(found);
    best_rank = rank;
    has = true;
}

std::optional<Value> find_in(std::string_view text, std::string_view path) {
    Value best;
    std::size_t rank = 0;
    bool has = false;
    const bool told = each_member(text, [&](std::string_view name, std::string_view value) {
        auto found = find_by(name, value, path);
        if (!found) return false;
        take(*std::move(found), rank_of(name, path), best, rank, has);
        return true;
    });
    return told ? std::optional(std::move(best)) : std::nullopt;
}

}  // namespace

bool peek(std::string_view text, const std::vector<std::string_view>& paths,
          std::vector<Value>& values) {
    if (paths.size() > kPeekMost) return false;
    std::array<std::size_t, kPeekMost> ranks;
    std::array<bool, kPeekMost> has{};
    values.assign(paths.size(), Value());
    return each_member(text, [&](std::string_view name, std::string_view value) {
        for (std::size_t i = 0; i < paths.size(); ++i) {
            if (!paths[i].starts_with(name)) continue;
            auto found = find_by(name, value, paths[i]);
            if (!found) return false;
            take(*std::move(found), rank_of(name, paths[i]), values[i], ranks[i], has[i]);
        }
        return true;
    });
}

}  // namespace evenkeel::json
