#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "sdk/client/cpp/client.hpp"

// One HTTP exchange at a time over libcurl, which only http.cpp and url.cpp include.
namespace evenkeel::client {

struct HttpRequest {
    std::string method;
    std::string url;
    std::multimap<std::string, std::string> headers;
    std::string body;
    std::chrono::milliseconds timeout{0};  // of the whole exchange; 0: only connecting is bounded
    // Takes the body of a 2xx answer as it comes; false ends the exchange with success.
    std::function<bool(std::string_view)> on_data;
    // Asked about every 100 ms; false ends the exchange with success.
    std::function<bool()> on_tick;
};

struct HttpFailure {
    Failure failure;
    bool worth_retrying = false;  // the same request may succeed a moment later
};

class Http {
  public:
    Http(std::string ca_file, bool is_loopback, const Cancel* cancel);
    ~Http();
    Http(const Http&) = delete;
    Http& operator=(const Http&) = delete;

    // The answer, whatever its status. Redirects are not followed: the token stays with the server
    // that it was given for. Kind::local when called from a callback of a running exchange.
    std::variant<Reply, HttpFailure> exchange(const HttpRequest& request);

    // Sleeps, unless cancelled: false then.
    bool pause(std::chrono::milliseconds time) const;

  private:
    struct Handles;
    std::unique_ptr<Handles> handles_;
    std::string ca_file_;
    bool is_loopback_;
    const Cancel* cancel_;
    bool busy_ = false;
};

}  // namespace evenkeel::client
