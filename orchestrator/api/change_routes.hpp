#pragma once

#include <functional>
#include <string>
#include <vector>

#include "orchestrator/api/api_result.hpp"
#include "orchestrator/http/path_template.hpp"

namespace evenkeel::api {

struct ModelEdit;

// From a request of a route that changes objects to what it comes to. [any]
using MakeModelEdit = std::function<ApiResult<ModelEdit>(const state::View&, const http::Request&)>;

struct ChangeRoute {
    std::string method;
    http::PathTemplate path;
    std::string verb;
    std::string permission;
    MakeModelEdit make;
};

// The routes that the changes of a plan may name, filled while routes are made: the same from then
// on. [any]
class ChangeRoutes {
  public:
    void add(const http::Route& route, MakeModelEdit make);
    // By the request's method, segments and verb, and sets its path; null when there is none.
    const ChangeRoute* find(http::Request& request) const;

  private:
    std::vector<ChangeRoute> all_;
};

}  // namespace evenkeel::api
