#pragma once

#include <functional>
#include <string>

#include "sdk/client/cli/commands.hpp"
#include "sdk/client/cli/manifests/objects.hpp"

// Commands that change environments, settings, applications and assignments.
namespace evenkeel::cli {

ObjectKey key_of(const ObjectOptions& options);
// "setting global port".
std::string words_of(const ObjectKey& key);

// With the name of a host in place of its id. Not from a callback of the client, see host_name().
std::string shown_scope(Session& session, const std::string& scope);

// Sends the edit, tells what came of it and follows its plan as the options ask; with dry_run only
// shows the plan, with plan_only makes one. `done` makes the line that is said when it is stored,
// of the object as it is then.
using Done = std::function<std::string(const std::string& json)>;
Exit change_model(Session& session, const client::Edit& edit, const ModelChangeOptions& options,
                  const Done& done, const std::string& if_match = "");
Exit change_model(Session& session, const client::Edit& edit, const ModelChangeOptions& options,
                  const std::string& done, const std::string& if_match = "");

}  // namespace evenkeel::cli
