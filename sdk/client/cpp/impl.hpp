#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "core/json/json.hpp"
#include "sdk/client/cpp/client.hpp"
#include "sdk/client/cpp/http.hpp"
#include "sdk/client/cpp/url.hpp"

namespace evenkeel::client {

// What the calls of Client share: one connection, the retries, the paging.
class Client::Impl {
  public:
    Impl(Config config, BaseUrl base)
        : config_(std::move(config)),
          base_(std::move(base)),
          http_(config_.ca_file, base_.is_loopback, config_.cancel) {}

    // Any answer inside 2xx; tried again as Config::attempts says.
    Result<Reply> send(const Request& request);
    // The answer's JSON object, with its headers in `reply` when that is given.
    Result<json::Value> call(const Request& request, Reply* reply = nullptr);
    // The items of all pages, or the first `most`, and the first page itself.
    struct List {
        json::Value first;
        std::vector<json::Value> items;
    };
    Result<List> list(Request request, std::size_t most = 0);
    // The request as `options` ask for it.
    static Request as_change(Request request, const ChangeOptions& options);
    Result<Command> change(Request request, const ChangeOptions& options);

    HttpRequest to_http(const Request& request) const;
    Http& http() { return http_; }
    const Config& config() const { return config_; }

    // The pause before try number `attempt` (1: the first again): full jitter, so that many clients
    // of one restarted server do not come back together.
    static std::chrono::milliseconds back_off(int attempt, std::chrono::milliseconds base,
                                              std::chrono::milliseconds most);

  private:
    Config config_;
    BaseUrl base_;
    Http http_;
};

}  // namespace evenkeel::client
