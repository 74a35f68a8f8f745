#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "orchestrator/compile/compile.hpp"

// From what a host has described and what it shall have to what must be done. Pure. [any]
namespace evenkeel::plans {

using evenkeel::to_string;

// In the order in which a plan shows them.
enum class ChangeKind {
    remove,  // from the machine, then the description
    forget,  // the description alone
    add,
    change,
    own,  // nothing differs but the owners: no machine is touched
};
constexpr auto enum_names(ChangeKind) {
    return names<ChangeKind>("change", {{ChangeKind::remove, "remove"},
                                        {ChangeKind::forget, "forget"},
                                        {ChangeKind::add, "add"},
                                        {ChangeKind::change, "change"},
                                        {ChangeKind::own, "own"}});
}

// What a host has, without the description: most are equal to what is wanted and need not be
// opened.
struct DescribedResource {
    wire::Ref ref;
    wire::Policy policy = wire::Policy::report;
    wire::Relations relations = {};
    std::vector<compile::Owner> owners = {};  // empty: put directly
    bool overrides = false;                   // put directly over its owners: left alone
    wire::Origin origin = wire::Origin::orchestrator;
    bool is_removing = false;  // about to go
};

// What the difference asks for. Called on the thread of the caller.
struct DifferenceSources {
    // Whether the stored description is this one.
    std::function<bool(const wire::Ref&, const json::Value& wanted)> same_description;
    // The stored one in the clear, to find what differs in it; asked only where it is not the same.
    // Without it, or where there is none, the path is "": all of it.
    std::function<std::optional<json::Value>(const wire::Ref&)> open = {};
    // Whether the assignment takes over what was put directly.
    std::function<bool(const std::string& assignment)> adopts;
    // Whether the host's collection has the action; true also when that is not known. Optional.
    std::function<bool(const wire::Notification&)> offers = {};
};

struct ResourceDifference {
    wire::Ref ref;
    ChangeKind change{};
    // Of a change: what differs, sorted. RFC 6901 pointers into the description; of the resource
    // itself "/policy", "/requires", "/notifies", and "/origin" where the host's own is replaced.
    std::vector<std::string> paths = {};
    // What it shall be; nothing when it goes. Secrets in the clear.
    std::optional<compile::WantedResource> wanted = {};
};

// With errors nothing is done to the host at all: then there are no resources.
struct HostDifference {
    // In the order in which it is done: what comes and changes, each behind what it requires, and
    // then what goes, each before what it requires. The same whatever the order of what was given.
    std::vector<ResourceDifference> resources;
    std::vector<compile::CompileError> errors;

    bool empty() const { return resources.empty() && errors.empty(); }
};

// More paths than these become "", all of it.
inline constexpr std::size_t kPathsMost = 100;

// Errors are those of compiling; `conflict` where something was put directly that differs and no
// owner adopts; `invalid-relation` where a requirement goes in a circle, is nowhere, or an action
// does not exist; `required` where what would go is required by what stays. They show no values.
// A resource that is not wanted any more is removed when one of its owners says so, and forgotten
// else, and under the policy audit.
// O(n log n); what is unchanged costs one comparison.
HostDifference difference(std::vector<DescribedResource> described, compile::Compiled compiled,
                          const DifferenceSources& sources);

// Pointers to what differs between two descriptions, sorted: members of objects at any depth, lists
// as a whole.
std::vector<std::string> differing_paths(const json::Value& before, const json::Value& after);

}  // namespace evenkeel::plans
