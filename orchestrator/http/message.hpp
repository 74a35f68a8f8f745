#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/json/json.hpp"
#include "core/json/text.hpp"

// What passes between the HTTP server and the API: plain values, independent of sockets. [any]
namespace evenkeel::http {

// A request with an Idempotency-Key: where its reply is stored, and the hash that identifies it.
// Empty without a key.
struct Once {
    std::string record;
    std::string request_sha256;
};

// The owner of the token that authenticated a request.
struct Principal {
    std::string id;  // of the token; empty: not authenticated
    std::string name;
    std::string role;
    bool is_admin = false;  // may use what the server keeps for administrators
};

struct Route;

// One request. The server fills everything down to `token`, the body last.
struct Request {
    // "GET", "PUT", ...; a HEAD arrives as GET, and the server leaves the body of the reply out.
    std::string method;
    // The path as it was sent, without the query: for logs and a problem's `instance`.
    std::string target;
    // The path between its slashes, as sent and percent-decoded (UTF-8 without NUL). On POST the
    // last one is without its verb.
    std::vector<std::string> raw_segments;
    std::vector<std::string> segments;
    // On POST the text after the last literal ':' of the raw last segment; else empty.
    std::string verb;
    // Decoded; a name that comes twice was refused.
    std::map<std::string, std::string, std::less<>> query;
    // Names in lower case; the values of a repeated header joined by ", ".
    std::map<std::string, std::string, std::less<>> headers;
    std::string body;
    // The caller's X-Request-Id or one of ours: at most 64 of [A-Za-z0-9._-].
    std::string request_id;
    // The other end's address, without port.
    std::string peer;
    // From `Authorization: Bearer`; empty without one. Never log it.
    std::string token;

    // By the router: its template with the verb ("/v1/hosts/{h}:retire"), the values of the
    // template's {names}, and the body if the route takes one.
    std::string route;
    const Route* matched = nullptr;  // lives as long as the router
    std::size_t body_bytes_max = 0;  // of the route, where it takes larger bodies than usual
    std::map<std::string, std::string, std::less<>> path;
    evenkeel::json::Value json;
    // By the authorize callback: the authenticated caller.
    Principal principal;

    // By the begin callback.
    Once once;

    // The header `name` (lower case), or null.
    const std::string* header(std::string_view name) const;
    // The query parameter, or null.
    const std::string* parameter(std::string_view name) const;
    // The value of the template's {name}. Requires: the route's template has it.
    const std::string& at(std::string_view name) const;
};

// One answer. The server adds Date, Content-Length, Connection, X-Request-Id, and Cache-Control
// where none is set. A header value with a control character turns the whole into a 500.
struct Reply {
    int status = 200;
    std::string content_type;  // empty: no body
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers;

    static Reply json(int status, const evenkeel::json::Value& value);
    static Reply json(int status, evenkeel::json::Text body);
    static Reply text(int status, std::string text);
    static Reply empty(int status);

    // Adds a header: return Reply::json(202, command).with("Location", "/v1/commands/" + id);
    Reply& with(std::string name, std::string value) &;
    Reply&& with(std::string name, std::string value) &&;
    // The header's value (any case), or null.
    const std::string* header(std::string_view name) const;
};

}  // namespace evenkeel::http
