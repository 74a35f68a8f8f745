#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include "plugins/services/systemd/journal.hpp"

namespace evenkeel::services {

namespace {

constexpr std::string_view kHidden = "***";
constexpr std::size_t kRandomMin = 32;
// In names before = or :, in lower case.
constexpr std::string_view kSecretWords[] = {"passw",   "passphrase",  "pwd",      "secret",
                                             "token",   "credential",  "apikey",   "api_key",
                                             "api-key", "private_key", "authoriz", "cookie"};

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

// A name and what stands behind it up to the value: `db_password: "`, `TOKEN=`.
bool names_secret(std::string_view name) {
    const std::string low = lower(name);
    return std::any_of(std::begin(kSecretWords), std::end(kSecretWords),
                       [&](std::string_view word) { return low.find(word) != low.npos; });
}

// The end of the value that begins at `at`: the closing quote, else the end of the line, since a
// secret may hold blanks.
std::size_t end_of_value(const std::string& line, std::size_t at, char quote) {
    if (quote == '\0') return line.size();
    const std::size_t end = line.find(quote, at);
    return end == line.npos ? line.size() : end;
}

std::string hide_named(std::string line) {
    for (std::size_t at = line.find_first_of("=:"); at != line.npos;
         at = line.find_first_of("=:", at + 1)) {
        std::size_t end = at;
        while (end > 0 && (line[end - 1] == ' ' || line[end - 1] == '"' || line[end - 1] == '\''))
            --end;
        std::size_t begin = end;
        while (begin > 0 && is_of_name(line[begin - 1])) --begin;
        if (!names_secret(std::string_view(line).substr(begin, end - begin))) continue;
        std::size_t value = at + 1;
        while (value < line.size() && line[value] == ' ') ++value;
        char quote = '\0';
        if (value < line.size() && (line[value] == '"' || line[value] == '\''))
            quote = line[value++];
        const std::size_t over = end_of_value(line, value, quote);
        if (over > value) line.replace(value, over - value, kHidden);
        at = value;
    }
    return line;
}

// scheme://user:password@host
std::string hide_in_urls(std::string line) {
    for (std::size_t at = line.find("://"); at != line.npos; at = line.find("://", at + 3)) {
        const std::size_t end = std::min(line.find_first_of("/ \"'", at + 3), line.size());
        const std::size_t host = line.rfind('@', end);
        if (host == line.npos || host <= at + 3) continue;
        line.replace(at + 3, host - at - 3, kHidden);
    }
    return line;
}

bool looks_random(std::string_view run) {
    const auto has = [&](char from, char to) {
        return std::any_of(run.begin(), run.end(), [&](char c) { return c >= from && c <= to; });
    };
    return run.size() >= kRandomMin && has('0', '9') && (has('a', 'z') || has('A', 'Z')) &&
           std::count(run.begin(), run.end(), '/') < 3;
}

std::string hide_random(const std::string& line) {
    std::string out;
    for (std::size_t at = 0; at < line.size();) {
        std::size_t end = at;
        while (end < line.size() && is_of_base64(line[end])) ++end;
        const std::string_view run = std::string_view(line).substr(at, end - at);
        out += looks_random(run) ? kHidden : run;
        if (end < line.size()) out += line[end];
        at = end + 1;
    }
    return out;
}

// "Bearer abc", "Basic abc"
std::string hide_schemes(std::string line) {
    for (const std::string_view scheme : {"bearer ", "basic "}) {
        const std::size_t at = lower(line).find(scheme);
        if (at == line.npos) continue;
        const std::size_t value = at + scheme.size();
        const std::size_t end = std::min(line.find_first_of(" \"'", value), line.size());
        line.replace(value, end - value, kHidden);
    }
    return line;
}

}  // namespace

std::string hidden(const std::string& line) {
    return hide_random(hide_schemes(hide_in_urls(hide_named(line))));
}

}  // namespace evenkeel::services
