#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace evenkeel::client {

// Reads text/event-stream (WHATWG) from pieces of any size. Bounded: an event past 2 MiB is
// refused.
class SseParser {
  public:
    // Each complete event: its name ("message" when it has none) and data; false stops.
    using OnEvent = std::function<bool(const std::string& name, const std::string& data)>;

    // Whether to go on: false after `on_event` said stop, or when the stream broke a bound.
    bool feed(std::string_view bytes, const OnEvent& on_event);
    bool broke_a_bound() const { return broke_a_bound_; }

    // Of the last complete event: what to resume behind.
    const std::string& last_id() const { return last_id_; }
    // As the server asked for, if it did.
    std::optional<std::chrono::milliseconds> retry() const { return retry_; }

  private:
    bool take_line(const OnEvent& on_event);
    void take_field(std::string_view name, std::string_view value);

    std::string line_;
    bool after_return_ = false;  // a line feed right after a carriage return ends no second line
    std::string name_;
    std::string data_;
    bool has_data_ = false;
    std::string id_;
    std::string last_id_;
    std::optional<std::chrono::milliseconds> retry_;
    bool broke_a_bound_ = false;
};

}  // namespace evenkeel::client
