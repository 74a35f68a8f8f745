#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "core/base/result.hpp"
#include "core/json/json.hpp"
#include "core/run/loop.hpp"
#include "core/wire/message.hpp"

namespace evenkeel::bus {

// Requests to hosts whose replies have not arrived. Kept in memory only. [loop]
class PendingRequests {
  public:
    using Callback = std::function<void(Result<json::Value>)>;

    explicit PendingRequests(run::Loop& loop) : loop_(&loop) {}

    // Registers a request sent over `connection` and returns its correlation id. `callback` is
    // called once: with the result, the host's error, `timeout`, or `unavailable` when the
    // connection ends first; never inside this call.
    std::string open(std::uint64_t connection, std::chrono::milliseconds timeout,
                     Callback callback);
    // A reply to no pending request, or from another connection, is dropped.
    void answer(std::uint64_t connection, const std::string& correlation_id, wire::Reply reply);
    void fail_all(std::uint64_t connection, const Error& error);

  private:
    struct Pending {
        std::uint64_t connection = 0;
        Callback callback;
        run::Timer timer;
    };
    void finish(const std::string& correlation_id, Result<json::Value> result);

    run::Loop* loop_;
    std::uint64_t last_ = 0;
    std::map<std::string, Pending> pending_;
};

}  // namespace evenkeel::bus
