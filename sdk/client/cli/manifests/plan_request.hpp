#pragma once

#include <string>
#include <vector>

#include "sdk/client/cli/manifests/changes.hpp"

namespace evenkeel::cli {

// The changes as one request for a plan.
class PlanRequest {
  public:
    explicit PlanRequest(const Changes& changes);

    // {"changes":[...],"live"}
    std::string body(bool live) const;
    // A failure whose pointers lead into body(): into the manifests.
    client::Failure located(client::Failure failure) const;

  private:
    struct Part {
        json::Object request;                 // {"method","path","body"}
        const ObjectChange* whole = nullptr;  // of one object
        // Of settings of one scope, by key.
        std::map<std::string, const ObjectChange*> settings = {};
    };

    // The manifest's place for a pointer into body(), or nothing.
    std::string place_of(const std::string& pointer) const;

    std::vector<Part> parts_;
};

}  // namespace evenkeel::cli
