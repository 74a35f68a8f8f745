#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/wire/resource.hpp"

// What "requires" and "notifies" mean. The orchestrator asks this for what comes by REST, the agent
// for a FILE, so that both refuse the same with the same words. Pure functions; their cost grows
// with the entries and what they relate to, and in_order() sorts. [any]
namespace evenkeel::wire {

inline constexpr std::size_t kRelationsMost = 100;   // of a kind, of one resource
inline constexpr std::size_t kActionBytesMost = 64;  // of an action's name

// One wrong field of a document.
struct WrongField {
    std::string pointer;  // RFC 6901
    std::string code;     // "unknown-field" or "invalid"
    std::string detail;
};
// "pointer: detail" of each, for a message.
std::string text_of(const std::vector<WrongField>& wrong);

// Reads "requires" and "notifies" of `entry`, which stands at the pointer `at`. Adds everything
// that is wrong to `wrong` and leaves it out of the result.
Relations read_relations(const json::Value& entry, const std::string& at,
                         std::vector<WrongField>& wrong);

// A resource with its relations, as a FILE has it.
struct RelatedResource {
    Ref ref;
    Relations relations;
    std::string at;  // the pointer of its entry
};

// Answers from what the host has beside the FILE.
struct RelationLookup {
    // The relations of what is described there; nothing when it is not described.
    std::function<std::optional<Relations>(const Ref&)> described;
    // Whether the collection has the action; true also when that is not known.
    std::function<bool(const Notification&)> offers;
};

// Everything that is wrong: a resource that is neither in `entries` nor on the host, unless what
// the host has described related to it before; an action that its collection does not offer; a
// resource that requires itself, also through what the host has already. The detail of a cycle
// names it: a -> b -> a.
std::vector<WrongField> check_relations(const std::vector<RelatedResource>& entries,
                                        const RelationLookup& known);

// Only what requires itself.
std::vector<WrongField> find_cycles(const std::vector<RelatedResource>& entries,
                                    const RelationLookup& known);

// Positions of the entries in the order of the work: what is required comes first; otherwise the
// given order stays. A relation to what is not among the entries does not count. `invalid` names a
// cycle.
Result<std::vector<std::size_t>> in_order(const std::vector<RelatedResource>& entries);

}  // namespace evenkeel::wire
