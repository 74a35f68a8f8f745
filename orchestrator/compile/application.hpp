#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/schema/schema.hpp"
#include "orchestrator/compile/settings.hpp"
#include "orchestrator/compile/value_template.hpp"
#include "orchestrator/filter/filter.hpp"

// One version of an application: what is written once and compiled for many hosts.
namespace evenkeel::compile {

inline constexpr std::size_t kApplicationResourcesMost = 1000;
inline constexpr std::size_t kPeerRulesMost = 32;

// A wrong place in the JSON of an application.
struct WrongPlace {
    std::string pointer;  // RFC 6901
    std::string code;     // "unknown-field", "invalid", "bad-filter", "bad-template"
    std::string detail;
};

struct Parameter {
    std::string key;
    std::optional<json::Value> default_value = {};
    bool merges = false;
    bool is_required = false;
};

// Other hosts that the host may know.
struct PeerRule {
    std::string name;
    filter::Filter filter;
    std::string filter_text;
    bool is_everywhere = false;  // else only in the host's own environment and below
    std::uint32_t at_least = 0;
};

// One entry of `resources`.
struct ResourceRule {
    std::string collection;
    std::string pointer;  // "/resources/3"
    ValueTemplate id;
    ValueTemplate description;
    ValueTemplate required;  // [{"collection","id"}...]
    ValueTemplate notified;
    std::optional<wire::Policy> policy = {};
    std::optional<templates::Template> when = {};
    // A single tag over what it is repeated for.
    std::optional<templates::Template> for_each = {};
    std::optional<OnLeave> on_leave = {};
};

// Immutable once it is read; hosts are compiled with it on any thread.
struct Application {
    std::string name;
    std::uint32_t version = 0;
    json::Value body;                   // as it was given
    std::string source;                 // of the newest version: the folder that says it, or empty
    std::vector<Parameter> parameters;  // by key
    // Of an object with the parameters; null without parameters.
    std::shared_ptr<const schema::Schema> schema;
    std::vector<ResourceRule> resources;
    std::map<std::string, PeerRule> peers;
    // The names of the top level that its templates can look up: "port", "host.labels.role",
    // "peers.web". Sorted, each once.
    std::vector<std::string> names_used;

    const Parameter* parameter(std::string_view key) const;
    // What it says of the key; nothing in particular where that is no parameter.
    ParameterRule rule_of(std::string_view key) const;
};

// Reads {"note","parameters","resources","peers"}. Adds all that is wrong to `wrong`; then the
// result is of no use.
Application read_application(std::string name, std::uint32_t version, const json::Value& body,
                             std::vector<WrongPlace>& wrong);

// `when` and `for_each` are templates of which nobody has written the beginning of the first line.
inline constexpr std::size_t kColumnsBeforeWhen = 12;
inline constexpr std::size_t kColumnsBeforeForEach = 8;

// The filter language in templates: #if, when.
const templates::ReadCondition& condition_reader();
// Of `peers`, and of assignments: what changes by itself is not among them.
const filter::Fields& host_filter_fields();

}  // namespace evenkeel::compile
