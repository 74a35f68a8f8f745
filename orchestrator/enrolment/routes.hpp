#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace evenkeel::api {
struct Context;
}
namespace evenkeel::http {
struct Route;
}

// What REST offers of enrolment. [loop]
namespace evenkeel::enrolment {

// What a machine needs to know to find us, for the line that installs it.
struct Contact {
    std::string listen_host;  // of the port; empty: it listens on every address
    std::function<std::uint16_t()> port;
    std::string authority_sha256;
};

// /v1/enrolments: how hosts came in, and which machines want to. `context` outlives the routes.
void add_enrolment_routes(std::vector<http::Route>& routes, api::Context& context);
// /v1/enrolment-tokens, /v1/ca.
void add_token_routes(std::vector<http::Route>& routes, api::Context& context,
                      const Contact& contact);

}  // namespace evenkeel::enrolment
