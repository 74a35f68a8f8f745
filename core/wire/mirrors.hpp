#pragma once

#include <set>
#include <string>
#include <vector>

#include "core/wire/relations.hpp"

// Lists of two collections that are the same lines of one truth: a user's `groups` and the
// `members` of groups. A schema says so by x-ek-mirrors. Two descriptions of one host that
// contradict each other there would undo each other for ever, so they are found when they are
// described: by the orchestrator for what comes by REST, by the agent for a FILE, with the same
// words. Pure functions; their cost grows with the names that are listed. [any]
namespace evenkeel::wire {

// x-ek-mirrors of one property: each item of `field` is the id of a resource of `collection`, whose
// list `other_field` has this resource's id exactly when it is in this list.
struct Mirror {
    std::string field;
    std::string collection;
    std::string other_field;
};
// From a schema's document, in its order.
std::vector<Mirror> mirrors_of(const json::Value& schema);

// A resource with those of its lists that are described. None where it is to be absent.
struct MirroredList {
    Mirror mirror;
    std::set<std::string> names;
};
struct MirroredResource {
    Ref ref;
    Policy policy = Policy::report;
    std::vector<MirroredList> lists;
    std::string at;  // the pointer of its entry
};
std::vector<MirroredList> mirrored_lists(const std::vector<Mirror>& mirrors,
                                         const json::Value& description);

// What is described beside the request; see contradicts_stored().
struct StoredLists {
    Ref ref;
    std::vector<MirroredList> lists;
};

// Contradictions inside a request, whatever the policies: a request says one thing. Each is at the
// list that has the name, and its detail names both.
std::vector<WrongField> find_contradictions(const std::vector<MirroredResource>& request);

// The first contradiction of an enforced resource with another one that is described already and
// enforced too, in words; "" if there is none.
std::string contradicts_stored(const MirroredResource& resource, const StoredLists& stored);

}  // namespace evenkeel::wire
