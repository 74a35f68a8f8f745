#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/wire/resource.hpp"

// What "requires" and "notifies" mean, alike at both doors: the orchestrator's REST and the agent's
// FILE. No state. [any]
namespace evenkeel::wire {

inline constexpr std::size_t kRelationsMost = 100;   // of a kind, of one resource
inline constexpr std::size_t kActionBytesMost = 64;  // of an action's name

// One wrong field of what somebody sent.
struct WrongField {
    std::string pointer;  // RFC 6901
    std::string code;     // "unknown-field" or "invalid"
    std::string detail;
};
// "pointer: detail" of each, for a message.
std::string text_of(const std::vector<WrongField>& wrong);

// Reads "requires" and "notifies" of `entry`, which stands at the pointer `at`, and says of
// everything what is wrong with it. What is wrong is left out.
Relations read_relations(const json::Value& entry, const std::string& at,
                         std::vector<WrongField>& wrong);

// A resource with its ties, as a FILE has it.
struct RelatedResource {
    Ref ref;
    Relations relations;
    std::string at;  // the pointer of its entry
};

// What is known of the host beside the FILE.
struct RelationLookup {
    // The ties of what is described there; nothing when it is not described.
    std::function<std::optional<Relations>(const Ref&)> described;
    // Whether the collection has the action; also yes for one of which that is not known.
    std::function<bool(const Notification&)> offers;
};

// Whether everything that is named is there or in `entries`, every action is offered, and nothing
// requires itself, be it over what the host has already. A cycle is named: a -> b -> a.
std::vector<WrongField> check_relations(const std::vector<RelatedResource>& entries,
                                        const RelationLookup& known);

// The last of these only: everything that requires itself.
std::vector<WrongField> find_cycles(const std::vector<RelatedResource>& entries,
                                    const RelationLookup& known);

// Positions in the order of the work: what is required comes first, and whatever may come next
// comes as given. What is not among the entries does not count. `invalid` names a cycle.
Result<std::vector<std::size_t>> in_order(const std::vector<RelatedResource>& entries);

}  // namespace evenkeel::wire
