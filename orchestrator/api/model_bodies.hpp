#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "core/json/json.hpp"
#include "orchestrator/api/body.hpp"
#include "orchestrator/compile/settings.hpp"

namespace evenkeel::model {
class Model;
}
namespace evenkeel::secrets {
class Protector;
}

// From the body of a request to what the model is given. Only what REST adds to the objects is
// looked at here; all else the model checks. [any]
namespace evenkeel::api {

// RFC 7396.
json::Value merge_patch(json::Value target, const json::Value& patch);

// What REST shows beside an object's own members, so that what was read may be sent back: takes
// the members of `fixed` out, which must be as there, and those of `shown`, whatever they are.
void take_out(json::Value& body, const json::Object& fixed,
              std::initializer_list<std::string_view> shown, Findings& findings);

// The scope that a URL or a body names, a host by id or name: `invalid-id` when it is none,
// `not-found` for an unknown host.
ApiResult<compile::Scope> find_scope(const state::View& view, std::string_view text);
// The {scope} of a URL, which must exist, and with its {key}: `not-found`, `invalid-id`.
ApiResult<compile::Scope> require_scope(const model::Model& model, const state::View& view,
                                        const http::Request& request);
ApiResult<compile::Place> require_place(const model::Model& model, const state::View& view,
                                        const http::Request& request);
// Puts the id of the host in place of its name. What names no host stays, for the model to refuse.
void put_host_id(const state::View& view, json::Value& body);
void put_host_id_in_link(const state::View& view, json::Value& setting);

// Of one setting: where `value` is {"redacted": fingerprint}, what is kept there takes its place,
// if both are secret and it is the value that was shown.
ApiResult<bool> put_kept_secret(const state::View& view, const secrets::Protector& protector,
                                const compile::Place& place, const std::string& pointer,
                                json::Value& setting, Findings& findings);

}  // namespace evenkeel::api
