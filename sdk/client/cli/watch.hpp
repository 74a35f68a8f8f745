#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/json/json.hpp"
#include "sdk/client/cli/session.hpp"

namespace evenkeel::cli {

// A list that is followed, and how it is shown.
struct WatchedList {
    std::string path;
    client::ListQuery query = {};                                // without order
    std::vector<std::pair<std::string, std::string>> more = {};  // further members of the query
    Columns header = {};
    std::function<std::vector<std::string>(const json::Value& item)> row = {};
    // What -o name prints of an item; empty: what name_of() says.
    std::function<std::string(const json::Value& item)> name = {};
    std::size_t most = 0;  // of what there is at first only the last so many; 0: all
};

// Shows the list, then what becomes of it, until interrupted: a row each, or a JSON object
// {"event","item"} a line.
Exit watch(Session& session, const WatchedList& list);

}  // namespace evenkeel::cli
