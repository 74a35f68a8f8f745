#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "orchestrator/compile/application.hpp"
#include "orchestrator/compile/resources.hpp"
#include "orchestrator/compile/settings.hpp"

// Compiling: from what is said once about many hosts to what one host shall have. A pure function:
// the same model and host give the same, whatever the order in which things were made, and a host's
// result depends on nothing that it does not name.
namespace evenkeel::compile {

// One application that is assigned to the host.
struct Assigned {
    const Assignment* assignment = nullptr;
    const Application* application = nullptr;
};

// A wrong field of a description, as the schema of the host's collection says.
struct WrongDescription {
    std::string pointer;  // into the description
    std::string detail;
};

// What compiling asks for. All of it stays as it is meanwhile. Called on the thread that compiles.
struct Sources {
    FindSetting find_setting;
    // Keys of settings that exist in the scope, to say what a wrong name may have meant.
    std::function<std::vector<std::string>(const Scope&)> keys_of;
    // The hosts that the rule finds for `host`, by name: an array of
    // {"id","name","labels","facts"}.
    std::function<Result<const json::Value*>(const PeerRule&, const Host& host)> peers;
    // Whether the field of a description is secret by the collection's schema; true without one.
    std::function<bool(const std::string& collection, const std::string& pointer)> is_secret_field;
    // Whether the collection's schema is known; without this function all are.
    std::function<bool(const std::string& collection)> has_schema = {};
    // Nothing is wrong where the host has not reported the collection's schema.
    std::function<std::vector<WrongDescription>(const wire::Ref&, const json::Value& description)>
        check;
};

struct Compiled {
    // All that the host shall have, by collection and id; of no use when there are errors.
    std::vector<WantedResource> resources;
    std::vector<CompileError> errors;  // by assignment and pointer
};

// A host has at most this many resources.
inline constexpr std::size_t kHostResourcesMost = 10'000;

// `assigned` in any order. [any]
Compiled compile(const Host& host, std::vector<Assigned> assigned, const Sources& sources);

}  // namespace evenkeel::compile
