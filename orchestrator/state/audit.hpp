#pragma once

#include <string>

#include "core/json/json.hpp"

namespace evenkeel::state {

// Who makes a change: a token, "host:<host id>" or "system".
struct Actor {
    std::string id;
    std::string name;
    std::string role;  // of the token; else "host" or "system"
};
inline Actor system_actor() {
    return {.id = "system", .name = "", .role = "system"};
}

// What a change, or an attempt at one, is done for. Its audit record says all of this.
struct Act {
    Actor actor = system_actor();
    std::string address = {};      // where the request came from, without port
    std::string request_id = {};   // empty for what no request asked for
    std::string method = {};       // "PUT"; "BUS" and "SYSTEM" where there is no request
    std::string route = {};        // "/v1/hosts/{h}:retire"
    std::string object = {};       // the path as it was sent, or what it is about
    std::string outcome = "done";  // done, denied
    json::Object detail = {};      // no secrets
};

}  // namespace evenkeel::state
