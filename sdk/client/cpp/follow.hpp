#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <variant>

#include "core/json/json.hpp"
#include "sdk/client/cpp/client.hpp"
#include "sdk/client/cpp/impl.hpp"

namespace evenkeel::client {

// What is followed: a route that answers with server-sent events.
struct Subscription {
    Request request;
    std::string since = {};  // where the first connection begins; empty: where the route says
    // Each event's name and data; false ends with success.
    std::function<bool(const std::string& name, const json::Value& data)> take;
    // Each new id to resume behind, also of one without an event; false ends with success. May be
    // empty.
    std::function<bool(const std::string& id)> reached = {};
    // Before each connection: whether it begins anew, with no event to go on behind. May be empty.
    std::function<void(bool anew)> begin = {};
    EventOptions options = {};
};

// One subscription over as many connections as it takes.
class Follower {
  public:
    Follower(Client::Impl& client, Subscription subscription)
        : client_(client), subscription_(std::move(subscription)), since_(subscription_.since) {}

    Result<> run();

  private:
    using Clock = std::chrono::steady_clock;

    // What is left of EventOptions::timeout; nothing where there is none.
    std::optional<std::chrono::milliseconds> left() const;
    // Why to stop waiting for the connection, if so.
    std::optional<Failure> overdue() const;
    // One connection until its end: empty when the caller ended it.
    std::optional<Failure> connect();
    bool take(const std::string& name, const std::string& data);
    std::optional<Failure> judge(std::variant<Reply, HttpFailure> answer);
    // Whether to connect again, after the right pause; else what to return.
    bool goes_on_after(const Failure& failure, int tries);

    Client::Impl& client_;
    Subscription subscription_;
    std::string since_;
    std::string last_id_;
    std::chrono::milliseconds retry_{500};  // or as the server says
    Clock::time_point begun_ = Clock::now();
    Clock::time_point heard_ = begun_;
    bool ended_here_ = false;              // by the caller
    bool connected_ = false;               // at least once
    bool progressed_ = false;              // since the last loss
    std::optional<Failure> stream_fault_;  // found while reading
};

}  // namespace evenkeel::client
