#include "orchestrator/api/change_routes.hpp"

#include <utility>

#include "core/base/text.hpp"
#include "orchestrator/api/model_edits.hpp"

namespace evenkeel::api {

void ChangeRoutes::add(const http::Route& route, MakeModelEdit make) {
    all_.push_back({route.method, split(std::string_view(route.path).substr(1), '/'), route.verb,
                    route.permission, std::move(make)});
}

const ChangeRoute* ChangeRoutes::find(http::Request& request) const {
    for (const ChangeRoute& one : all_) {
        if (one.method != request.method || one.verb != request.verb) continue;
        if (!http::matches(one.path, request.segments)) continue;
        http::set_variables(one.path, request);
        return &one;
    }
    return nullptr;
}

}  // namespace evenkeel::api
