#pragma once

#include <compare>
#include <set>
#include <string>
#include <vector>

#include "orchestrator/model/model.hpp"

// Which edits must be plans that somebody else approves. Pure. [any]
namespace evenkeel::plans {

// In which environment a host is, before and after an edit that concerns it.
struct HostPlace {
    std::string before;
    std::string after;

    friend auto operator<=>(const HostPlace&, const HostPlace&) = default;
};

// What an edit concerns.
struct Concerned {
    // Where hosts are that are edited themselves, or on which something differs.
    std::set<HostPlace> places = {};
    // Environments in whose subtree assignments reach that the edit writes, or that use what it
    // writes, whether or not a host there fits now; "": all. See reach_of().
    std::set<std::string> subtrees = {};
};

// The protected environments, by name, because of which an edit must be a plan: those in whose
// subtree a host that it concerns is or comes to be, or with which one of the subtrees overlaps,
// the outermost of each, and those that it un-protects or deletes. Empty: it needs none. What the
// edit itself protects is not protected from it. O((places + writes) x depth + subtrees x
// environments)
std::set<std::string> protecting_environments(const model::Model& before, const model::Model& after,
                                              const Concerned& concerned,
                                              const std::vector<model::ObjectWrite>& writes);

}  // namespace evenkeel::plans
