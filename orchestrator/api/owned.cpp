#include "orchestrator/api/owned.hpp"

#include <utility>

#include "orchestrator/state/resource.hpp"

namespace evenkeel::api {

ApiResult<commands::Authority> read_authority(const http::Request& request) {
    const std::string* value = request.parameter("override");
    if (!value || *value == "false") return commands::Authority::direct;
    if (*value == "true") return commands::Authority::overriding;
    return refuse(http::Code::invalid_parameter, "override is true or false");
}

http::QueryParameter override_parameter() {
    return {.name = "override",
            .description = "true: also what an assignment owns, until :forget ends that.",
            .schema = json::Object{{"type", "boolean"}}};
}

void add_owned(std::optional<http::Problem>& refused, const state::Resource& owned,
               const std::string& at) {
    if (!refused) refused = http::Problem{.code = http::Code::owned, .detail = ""};
    std::string words = text_of(owned.ref) + " is owned by " + state::words_of(owned.owners);
    if (refused->errors.empty()) {
        refused->detail = at.empty() ? words : at + ": " + words;
    } else {
        refused->detail = std::to_string(refused->errors.size() + 1) + " resources are owned";
    }
    refused->errors.push_back({at, "owned", std::move(words)});
    if (at.empty()) refused->more.set("owners", state::encode(owned.owners));
}

}  // namespace evenkeel::api
