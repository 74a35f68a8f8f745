#include "orchestrator/compile/scope.hpp"

#include <algorithm>

#include "core/base/text.hpp"

namespace evenkeel::compile {
namespace {

constexpr std::size_t kNameBytesMost = 63;
constexpr std::size_t kEnvironmentBytesMost = 255;
constexpr std::size_t kKeyBytesMost = 64;

bool is_lower_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool is_plain_key(std::string_view key) {
    if (key.empty() || key.size() > kKeyBytesMost || (key[0] >= '0' && key[0] <= '9')) return false;
    return !is_reserved_key(key) && std::all_of(key.begin(), key.end(), [](char c) {
        return is_lower_or_digit(c) || c == '_';
    });
}

}  // namespace

std::string text_of(const Scope& scope) {
    std::string text(to_string(scope.kind));
    return scope.kind == ScopeKind::global ? text : text + ":" + scope.name;
}

Result<Scope> read_scope(std::string_view text) {
    if (text == to_string(ScopeKind::global)) return Scope{};
    const std::size_t colon = text.find(':');
    const std::string_view name =
        colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
    const std::string_view kind = text.substr(0, colon);
    if (kind == "environment" && is_environment_name(name)) {
        return Scope::environment(std::string(name));
    }
    if (kind == "host" && !name.empty() && name.size() <= kEnvironmentBytesMost) {
        return Scope::host(std::string(name));
    }
    if (kind == "assignment" && is_name(name)) return Scope::assignment(std::string(name));
    return fail(Errc::invalid, "'" + printable(text.substr(0, 300)) +
                                   "' is no scope: global, environment:NAME, host:NAME or "
                                   "assignment:NAME");
}

bool is_name(std::string_view text) {
    if (text.empty() || text.size() > kNameBytesMost || !is_lower_or_digit(text.front())) {
        return false;
    }
    return std::all_of(text.begin(), text.end(), [](char c) {
        return is_lower_or_digit(c) || c == '.' || c == '_' || c == '-';
    });
}

bool is_environment_name(std::string_view text) {
    if (text.size() > kEnvironmentBytesMost) return false;
    const auto parts = split(text, '/');
    return std::all_of(parts.begin(), parts.end(), [](const auto& part) { return is_name(part); });
}

std::vector<std::string> environments_down_to(std::string_view name) {
    std::vector<std::string> found;
    for (std::size_t slash = name.find('/'); slash != std::string_view::npos;
         slash = name.find('/', slash + 1)) {
        found.emplace_back(name.substr(0, slash));
    }
    found.emplace_back(name);
    return found;
}

bool is_within(std::string_view environment, std::string_view root) {
    return environment.starts_with(root) &&
           (environment.size() == root.size() || environment[root.size()] == '/');
}

bool is_reserved_key(std::string_view key) {
    constexpr std::string_view kReserved[] = {"host", "environment", "application", "peers",
                                              "item", "key",         "root"};
    return std::find(std::begin(kReserved), std::end(kReserved), key) != std::end(kReserved);
}

bool is_setting_key(std::string_view text) {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) return is_plain_key(text);
    return is_name(text.substr(0, colon)) && is_plain_key(text.substr(colon + 1));
}

}  // namespace evenkeel::compile
