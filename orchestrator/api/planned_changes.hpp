#pragma once

#include <string>
#include <vector>

#include "orchestrator/api/model_edits.hpp"

// The changes of a plan: [{"method","path","body"}], each what a request of its own would be. It is
// read by the route that it names, so that it means the same. O(changes) [any]
namespace evenkeel::api {

// All of them as one edit, in whatever order. What is wrong is told with pointers into a body that
// has them as its member `changes`; that the store does not read is a problem of its own. `request`
// is the one that they are for, whose token needs the permission of each.
ApiResult<ModelEdit> read_changes(const Context& context, const state::View& view,
                                  const http::Request& request, const json::Value& changes);
// The same of a plan that is kept: the permissions are those of the token that made it. That of the
// system has no changes, and lets go what is held.
ApiResult<ModelEdit> read_kept_changes(const Context& context, const state::View& view,
                                       const http::Request& request, const json::Value& changes);
// Whether the cause is here, and not in the request.
bool is_failure(const http::Problem& problem);
// What the model says against the edit of read_changes().
http::Problem problem_of_changes(const std::vector<model::WrongChange>& wrong,
                                 const ModelEdit& edit);
// As they are shown: with the values of secret settings and what resources are described as
// redacted. Requires that they read.
json::Array shown_changes(const secrets::Protector& protector, const json::Value& changes);

}  // namespace evenkeel::api
