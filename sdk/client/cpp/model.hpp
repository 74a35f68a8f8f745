#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "types.hpp"

// The model: what is said once about many hosts. JSON is as in types.hpp. `etag` is for
// EditOptions::if_match.
namespace evenkeel::client {

struct Environment {
    std::string name;  // a path in their tree, "prod/eu"
    std::string note;
    bool is_protected = false;
    std::int64_t hosts = 0;  // in it, without those below
    std::string etag;
    std::string json;
};

struct Link {
    std::string scope;
    std::string key;
};

struct Setting {
    std::string scope;  // global, environment:PATH, host:ID, assignment:NAME
    std::string key;    // "port", or "nginx:port" for one application alone
    std::string
        value;  // JSON; of a secret {"redacted": fingerprint}; "null" when it is a link only
    bool is_secret = false;
    std::optional<Link> link;
    std::string etag;
    std::string json;
};

// One version of it.
struct Application {
    std::string name;
    std::int64_t version = 0;
    std::string note;
    std::string parameters;  // JSON Schema of an object
    std::string resources;   // JSON
    std::string peers;       // JSON
    std::string etag;
    std::string json;
};

struct Assignment {
    std::string name;
    std::string note;
    std::string application;
    std::int64_t version = 0;  // 0: always the latest
    std::string environment;   // empty: all
    std::string host;          // an id; empty: all that `filter` finds
    std::string filter;
    std::string settings;  // JSON {"KEY":{"value","secret","link"}}
    std::string policy;    // empty: as its resources say
    bool is_enabled = true;
    bool adopts = false;
    std::string on_leave;  // forget, remove
    std::string etag;
    std::string json;
};

// Which value a key has for a host.
struct EffectiveSetting {
    struct Override {
        std::string scope;
        std::string value;  // JSON
    };
    std::string key;
    std::string value;                // JSON; "null" where `error` says why there is none
    std::string from;                 // a scope, or "default"
    std::vector<Override> overrides;  // what it outweighs, the nearest first
    std::string error;
    std::string json;
};

// What a host shall have of one thing.
struct WantedResource {
    std::string collection;
    std::string id;
    std::string description;  // JSON, secrets redacted
    std::string policy;
    std::string requires_;  // JSON
    std::string notifies;   // JSON
    std::vector<Owner> owners;
    std::string json;
};

// What a host shall have, compiled now.
struct Wanted : WantedState {
    std::vector<WantedResource> items;
    std::string json;
};

// Where a scope's value of a key counts, or would.
struct Impact {
    struct Ref {
        std::string collection;
        std::string id;
    };
    struct Group {
        std::int64_t count = 0;
        std::vector<std::string> hosts;  // the first 20 by name
        std::vector<Ref> resources;      // in which the key is used
    };
    std::string scope;
    std::string key;
    std::int64_t hosts = 0;
    std::int64_t resources = 0;
    std::vector<Group> groups;  // 100 at most
    std::int64_t more_groups = 0;
    std::string json;
};

// Paths for Edit::path. Names are plain: "prod/eu", "host:web1", "nginx:port".
std::string environment_path(std::string_view name);
std::string setting_path(std::string_view scope, std::string_view key);
std::string application_path(std::string_view name);
std::string assignment_path(std::string_view name);

}  // namespace evenkeel::client
