#pragma once

#include <string>
#include <utility>
#include <vector>

#include "set.hpp"

namespace nft_sets {

// A set as the kernel has it.
struct Found {
    SetName name;
    Set set;
    std::string problem;  // why it cannot be described; empty: it can

    // JSON of nftables, for what is written again:
    std::vector<std::string> written;                       // of each element of the set
    std::vector<std::string> flags;                         // but "interval"
    std::vector<std::pair<std::string, std::string>> rest;  // other members: "policy", "size", ...
};

// What nftables writes of the element; nullptr: the set has none with just this range.
const std::string* written_of(const Found& found, const Range& range);

// The sets in an answer of nftables; those that cannot have an id are left out.
std::vector<Found> sets_in(const std::string& output);

}  // namespace nft_sets
