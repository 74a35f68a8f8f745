#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include "plugins/services/systemd/journal.hpp"

namespace evenkeel::services {

namespace {

constexpr std::string_view kHidden = "***";
constexpr std::size_t kRandomMin = 32;
constexpr std::string_view kBlanks = " \t";
constexpr std::string_view kWordEnds = " \t\"'";
// Anywhere in a name, in lower case.
constexpr std::string_view kSecretWords[] = {"passw", "passphrase", "pwd",      "secret",
                                             "token", "credential", "authoriz", "cookie"};
// Only at a name's end or before _ - . in it: more words begin with them than mean a secret.
constexpr std::string_view kSecretEnds[] = {"pass", "key", "auth"};

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_of_name(char c) {
    return is_letter(c) || c == '_' || c == '-' || c == '.';
}

bool is_of_base64(char c) {
    return is_letter(c) || c == '+' || c == '/' || c == '=' || c == '_' || c == '-';
}

std::string lower(std::string_view text) {
    std::string low(text);
    for (char& c : low)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return low;
}

bool is_blank(char c) {
    return kBlanks.find(c) != kBlanks.npos;
}

bool is_quote(char c) {
    return c == '"' || c == '\'';
}

bool has_at_end(const std::string& name, std::string_view word) {
    for (std::size_t at = name.find(word); at != name.npos; at = name.find(word, at + 1)) {
        const std::size_t end = at + word.size();
        if (end == name.size() || !is_letter(name[end])) return true;
    }
    return false;
}

bool names_secret(std::string_view name) {
    const std::string low = lower(name);
    return std::any_of(std::begin(kSecretWords), std::end(kSecretWords),
                       [&](std::string_view word) { return low.find(word) != low.npos; }) ||
           std::any_of(std::begin(kSecretEnds), std::end(kSecretEnds),
                       [&](std::string_view word) { return has_at_end(low, word); });
}

// The closing quote of the value that begins at `at`.
std::size_t end_of_quoted(const std::string& line, std::size_t at, char quote) {
    for (; at < line.size() && line[at] != quote; ++at)
        if (line[at] == '\\') ++at;
    return std::min(at, line.size());
}

// Hides the value at or behind the blanks at `at`, to its closing quote, else to `end`; says where
// it begins.
std::size_t hide_value(std::string& line, std::size_t at, std::size_t end) {
    if (at < line.size() && is_quote(line[at])) {
        const char quote = line[at++];
        end = end_of_quoted(line, at, quote);
    }
    if (end > at) line.replace(at, end - at, kHidden);
    return at;
}

std::size_t skip_blanks(const std::string& line, std::size_t at) {
    return std::min(line.find_first_not_of(kBlanks, at), line.size());
}

std::size_t end_of_word(const std::string& line, std::size_t at) {
    return std::min(line.find_first_of(kBlanks, at), line.size());
}

// `db_password: "x"`, `TOKEN=x y`: without quotes to the end of the line, since a secret may hold
// blanks.
std::string hide_named(std::string line) {
    for (std::size_t at = line.find_first_of("=:"); at != line.npos;
         at = line.find_first_of("=:", at + 1)) {
        std::size_t end = at;
        while (end > 0 &&
               (is_blank(line[end - 1]) || is_quote(line[end - 1]) || line[end - 1] == '\\'))
            --end;
        std::size_t begin = end;
        while (begin > 0 && is_of_name(line[begin - 1])) --begin;
        if (!names_secret(std::string_view(line).substr(begin, end - begin))) continue;
        at = hide_value(line, skip_blanks(line, at + 1), line.size());
    }
    return line;
}

// The word without what stands around a name, or nothing when it is no name.
std::string_view name_in(std::string_view word) {
    while (!word.empty() && !is_of_name(word.front())) word.remove_prefix(1);
    while (!word.empty() && !is_of_name(word.back())) word.remove_suffix(1);
    return std::all_of(word.begin(), word.end(), is_of_name) ? word : std::string_view();
}

// `--password x`, `with password x`, `the password is x`: the next word.
std::string hide_next_words(std::string line) {
    for (std::size_t at = skip_blanks(line, 0); at < line.size();) {
        const std::size_t end = end_of_word(line, at);
        const bool secret = names_secret(name_in(std::string_view(line).substr(at, end - at)));
        at = skip_blanks(line, end);
        if (!secret || at == line.size() || line[at] == '=' || line[at] == ':') continue;
        const std::string next = lower(line.substr(at, end_of_word(line, at) - at));
        if (next == "is" || next == "was") at = skip_blanks(line, at + next.size());
        at = hide_value(line, at, end_of_word(line, at));
    }
    return line;
}

// scheme://user:password@host; the password may hold a slash.
std::string hide_in_urls(std::string line) {
    for (std::size_t at = line.find("://"); at != line.npos; at = line.find("://", at + 3)) {
        const std::size_t end = std::min(line.find_first_of(kWordEnds, at + 3), line.size());
        const std::size_t host = line.rfind('@', end);
        if (host == line.npos || host <= at + 3) continue;
        line.replace(at + 3, host - at - 3, kHidden);
    }
    return line;
}

// Whether the kind of letter changes as often as it does by chance, and in no path.
bool is_mixed(std::string_view run) {
    const auto kind = [](char c) {
        return c >= '0' && c <= '9' ? 0 : c >= 'a' && c <= 'z' ? 1 : c >= 'A' && c <= 'Z' ? 2 : 3;
    };
    std::size_t changes = 0;
    for (std::size_t at = 1; at < run.size(); ++at) {
        const int before = kind(run[at - 1]), now = kind(run[at]);
        if (before != 3 && now != 3 && before != now) ++changes;
    }
    return changes * 4 >= run.size();
}

bool looks_random(std::string_view run) {
    const auto has = [&](char from, char to) {
        return std::any_of(run.begin(), run.end(), [&](char c) { return c >= from && c <= to; });
    };
    return run.size() >= kRandomMin && has('0', '9') && (has('a', 'z') || has('A', 'Z')) &&
           (std::count(run.begin(), run.end(), '/') < 3 || is_mixed(run));
}

bool holds_random(std::string_view word) {
    for (std::size_t at = 0; at < word.size();) {
        std::size_t end = at;
        while (end < word.size() && is_of_base64(word[end])) ++end;
        if (looks_random(word.substr(at, end - at))) return true;
        at = end + 1;
    }
    return false;
}

// The whole word: a secret may go on with other characters.
std::string hide_random(const std::string& line) {
    std::string out;
    for (std::size_t at = 0; at < line.size();) {
        const std::size_t end = end_of_word(line, at);
        const std::string_view word = std::string_view(line).substr(at, end - at);
        out += holds_random(word) ? kHidden : word;
        at = skip_blanks(line, end);
        out.append(line, end, at - end);
    }
    return out;
}

// "Bearer abc", "Basic abc"
std::string hide_schemes(std::string line) {
    for (const std::string_view scheme : {"bearer ", "basic "}) {
        const std::size_t at = lower(line).find(scheme);
        if (at == line.npos) continue;
        const std::size_t value = at + scheme.size();
        const std::size_t end = std::min(line.find_first_of(kWordEnds, value), line.size());
        line.replace(value, end - value, kHidden);
    }
    return line;
}

}  // namespace

std::string shortened(std::string line, std::size_t most) {
    if (line.size() <= most) return line;
    std::size_t end = line.find_last_of(kBlanks, most);
    if (end == line.npos) end = 0;
    while (end > 0 && is_blank(line[end - 1])) --end;
    line.resize(end);
    return line += "...";
}

std::string hidden(const std::string& line) {
    return hide_random(hide_schemes(hide_in_urls(hide_next_words(hide_named(line)))));
}

}  // namespace evenkeel::services
