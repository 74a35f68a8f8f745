#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/json/json.hpp"
#include "core/wire/resource.hpp"
#include "orchestrator/compile/scope.hpp"
#include "orchestrator/filter/filter.hpp"

// What is said once about many hosts. Plain values; [any].
namespace evenkeel::compile {

inline constexpr std::string_view kDefaultEnvironment = "default";

struct Environment {
    std::string name;  // "prod/eu"
    std::string note = {};
    std::string source = {};  // the folder of manifests that says it; empty: none
    bool is_protected = false;

    friend bool operator==(const Environment&, const Environment&) = default;
};

struct Link {
    Scope scope;
    std::string key;

    friend bool operator==(const Link&, const Link&) = default;
};

struct Setting {
    json::Value value = {};  // null: only with a link
    bool is_secret = false;
    std::optional<Link> link = {};
    std::string source = {};  // as of an environment

    friend bool operator==(const Setting&, const Setting&) = default;
};

// What becomes of a resource when its last owner goes.
enum class OnLeave { forget, remove };
constexpr auto enum_names(OnLeave) {
    return names<OnLeave>("on_leave", {{OnLeave::forget, "forget"}, {OnLeave::remove, "remove"}});
}

// To one host, else to the hosts of an environment's subtree that the filter finds.
struct Assignment {
    std::string name;
    std::string note = {};
    std::string source = {};  // as of an environment
    std::string application;
    std::uint32_t version = 0;     // 0: the latest
    std::string environment = {};  // empty: all
    std::string host = {};         // id; empty: none
    filter::Filter filter = {};
    std::string filter_text = {};
    std::optional<wire::Policy> policy = {};  // outweighs the resources'
    bool is_enabled = true;
    bool adopts = false;  // takes over what was put directly
    OnLeave on_leave = OnLeave::forget;
};

// A host as the model sees it.
struct Host {
    std::string id;
    std::string name;
    std::string environment{kDefaultEnvironment};
    json::Value labels = json::Object{};
    json::Value facts = json::Object{};
};

}  // namespace evenkeel::compile
