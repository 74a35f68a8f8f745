#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/json/json.hpp"
#include "sdk/client/cli/session.hpp"

namespace evenkeel::cli {

// What somebody changes in an editor.
struct Editable {
    std::string title;                 // "files /etc/motd on web1"
    std::vector<std::string> members;  // that it may have
    json::Object before;               // as it is
};

// Those of the members that the object has.
json::Object members_of(const json::Value& object, const std::vector<std::string>& members);

// Opens it as YAML in the user's editor and calls `save` with what became of it, if that differs.
// What was written and is not saved (any other Exit than done) is kept in a file, which is named.
Exit edit_in_editor(const Session& session, const Editable& editable,
                    const std::function<Exit(const json::Value& after)>& save);

}  // namespace evenkeel::cli
