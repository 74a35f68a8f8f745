#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/names.hpp"
#include "core/base/result.hpp"

// Where settings are kept, and the names of what the model holds. [any]
namespace evenkeel::compile {

using evenkeel::to_string;

enum class ScopeKind { global, environment, host, assignment };
constexpr auto enum_names(ScopeKind) {
    return names<ScopeKind>("scope", {{ScopeKind::global, "global"},
                                      {ScopeKind::environment, "environment"},
                                      {ScopeKind::host, "host"},
                                      {ScopeKind::assignment, "assignment"}});
}

// "global", "environment:prod/eu", "host:host_…" or "assignment:web".
struct Scope {
    ScopeKind kind = ScopeKind::global;
    std::string name = {};  // of the environment or assignment, id of the host; empty for global

    static Scope environment(std::string name) { return {ScopeKind::environment, std::move(name)}; }
    static Scope host(std::string id) { return {ScopeKind::host, std::move(id)}; }
    static Scope assignment(std::string name) { return {ScopeKind::assignment, std::move(name)}; }

    friend auto operator<=>(const Scope&, const Scope&) = default;
    friend bool operator==(const Scope&, const Scope&) = default;
};
std::string text_of(const Scope& scope);
// `invalid` says what a scope is spelled like. Whether the thing exists is not asked.
Result<Scope> read_scope(std::string_view text);

// Of objects: [a-z0-9][a-z0-9._-]{0,62}.
bool is_name(std::string_view text);
// Of an environment: names joined by "/", at most 255 bytes.
bool is_environment_name(std::string_view text);
// "prod/eu/west" -> prod, prod/eu, prod/eu/west.
std::vector<std::string> environments_down_to(std::string_view name);
// Whether it is `root` or below it.
bool is_within(std::string_view environment, std::string_view root);
// Of a setting: [a-z_][a-z0-9_]{0,63} and not one of the names that templates have for other
// things, or such a key behind "APPLICATION:".
bool is_setting_key(std::string_view text);
// The names that templates have for other things than settings: host, environment, ...
bool is_reserved_key(std::string_view key);

}  // namespace evenkeel::compile
