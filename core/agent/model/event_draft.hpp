#pragma once

#include <string>
#include <vector>

#include "core/json/json.hpp"
#include "core/wire/resource.hpp"
#include "core/wire/words.hpp"

namespace evenkeel::agent {

// An event before it is committed: without its number and time, which the journal gives it.
struct EventDraft {
    wire::EventKind kind{};
    json::Value data;  // object
    std::vector<wire::Ref> about;
    std::string command;  // of a command.outcome
};

}  // namespace evenkeel::agent
