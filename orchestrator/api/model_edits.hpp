#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "orchestrator/api/change_routes.hpp"
#include "orchestrator/api/context.hpp"
#include "orchestrator/model/model.hpp"
#include "orchestrator/plans/edited_hosts.hpp"

namespace evenkeel::plans {
struct EditRequest;
struct Trial;
}  // namespace evenkeel::plans

// How a request changes objects of the model and what is said of hosts. It reads what is there,
// says what it shall be, and plans::Planner carries that out, unless what was read has changed
// meanwhile: then the request is read again. So its preconditions, a patch and a secret that is
// kept are all of the one moment at which the change is made. [loop]
namespace evenkeel::api {

using state::ModelKind;

// An object as it was read: its revision, or 0 when it is not there.
struct SeenObject {
    ModelKind kind{};
    std::string name;
    std::uint64_t revision = 0;
};

// What a request comes to.
struct ModelEdit {
    std::vector<model::ObjectChange> changes = {};
    std::vector<plans::HostEdit> hosts = {};
    std::vector<plans::ResourceEdit> resources = {};
    bool releases_held = false;
    // Also when hosts would not compile any more, whatever is asked; in a plan
    // when it is so of all changes.
    bool allows_errors = false;
    // Of each change, then of each host and each resource: where its body is in the body of the
    // request. Empty: all are the whole of it.
    std::vector<std::string> pointers = {};
    // All that it was made of.
    std::vector<SeenObject> seen = {};
    // The answer: what is shown but for its revision, which is added. Nothing is shown with 204.
    int status = 200;
    json::Object shown = {};
    std::string location = {};
    std::string host = {};  // id: this host is the answer instead
};

// `make` of the request; `invalid-description` for a PUT or PATCH whose body is no object.
ApiResult<ModelEdit> make_edit(const MakeModelEdit& make, const state::View& view,
                               const http::Request& request);
// How often a request is read again because of others that change the same object.
inline constexpr int kTriesMost = 10;
// `stale` when one of them is not any more as it was seen.
Result<void> check_unchanged(const state::View& view, const std::vector<SeenObject>& seen);

// Adds a route that changes objects, without its handler, which plans may name too.
void add_editing(std::vector<http::Route>& routes, Context& context, http::Route route,
                 MakeModelEdit make);
// Its query parameter `errors`, and whether the change is wanted although hosts would not compile
// any more.
http::QueryParameter errors_parameter();
ApiResult<bool> allows_errors(const http::Request& request);
// Puts what the edit changes into a request for the planner. [any]
void put_changes(const ModelEdit& edit, plans::EditRequest& request);
// The request for the planner to do that, or to try it out. [any]
plans::EditRequest request_of(const ModelEdit& edit);
// Why a change is refused after which hosts would not compile any more.
http::Problem not_compiling(const plans::Trial& trial);

// The object that the URL of a PUT, PATCH or DELETE names.
struct NamedObject {
    ModelEdit edit;  // without changes; it has seen the object
    std::optional<state::ModelObject> there;
};
// `precondition-failed` by If-Match or If-None-Match.
ApiResult<NamedObject> find_named(const state::View& view, const http::Request& request,
                                  ModelKind kind, std::string name);
// Deletes it; `not-found` when it is not there.
ApiResult<ModelEdit> delete_named(const state::View& view, const http::Request& request,
                                  ModelKind kind, std::string name);

// Why the model refuses changes: `not-found` and `invalid-state` for what the request as a whole
// names, else every wrong field.
http::Problem problem_of(const std::vector<model::WrongChange>& wrong,
                         const std::vector<std::string>& pointers = {});

// 200 with the object and its ETag, or 304.
http::Reply show_named(const http::Request& request, json::Object shown, std::uint64_t revision);

}  // namespace evenkeel::api
