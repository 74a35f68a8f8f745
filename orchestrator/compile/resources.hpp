#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/json/json.hpp"
#include "core/wire/resource.hpp"
#include "orchestrator/compile/objects.hpp"

// What comes out of compiling. Values. [any]
namespace evenkeel::compile {

// Why a host gets a resource.
struct Owner {
    std::string assignment;
    std::string application;
    std::uint32_t version = 0;
    OnLeave on_leave = OnLeave::forget;

    friend bool operator==(const Owner&, const Owner&) = default;
};

// One resource that a host shall have, as the agent gets it. Secrets in the clear.
struct WantedResource {
    wire::Ref ref;
    json::Value description;  // an object
    wire::Policy policy = wire::Policy::report;
    wire::Relations relations = {};
    std::vector<Owner> owners = {};  // by assignment, each once
    // A secret is in a field of which it is not known whether it is secret: to be compiled again
    // once the schema is known, before anybody gets it.
    bool has_unchecked_secret = false;
};

// One resource of one assignment.
struct MadeResource {
    WantedResource resource;  // one owner
    std::string pointer;      // of its entry in the application: "/resources/3"
};

// Why a host, or a part of it, does not compile.
struct CompileError {
    std::string assignment;  // empty: of the host as a whole
    std::string pointer;     // RFC 6901, into the application
    std::string code;        // "missing-setting", "conflict", ...
    std::string detail;

    friend bool operator==(const CompileError&, const CompileError&) = default;
};

struct Merged {
    std::vector<WantedResource> resources;  // by collection and id
    std::vector<CompileError> errors;
};
// Makes one resource of those that name the same one: their fields must agree or be disjoint, where
// an omitted `ensure` is `present`; of the policies enforce outweighs report, and report outweighs
// off, but audit goes with audit alone; requires and notifies are united. Else both are named in an
// error `conflict`, which shows no values. The order of `made` does not matter.
// O(made log made)
Merged merge(std::vector<MadeResource> made);

}  // namespace evenkeel::compile
