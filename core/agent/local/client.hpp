#pragma once

#include <chrono>
#include <optional>

#include "core/base/fd.hpp"
#include "core/base/result.hpp"

namespace evenkeel::wire {
struct Reply;
struct Request;
}  // namespace evenkeel::wire

namespace evenkeel::agent {

// Sends requests to a running agent over its local socket; blocks.
class Client {
  public:
    // `not_found` when there is no socket, `unavailable` when no process listens at it, `denied`.
    static Result<Client> connect(const std::string& path);

    // Sends the request and waits for the reply, a little longer than the request's own timeout.
    Result<wire::Reply> ask(const wire::Request& request);
    // The next line that the agent sends, without its end; `unavailable` when it has gone.
    Result<std::string> read_line(std::optional<std::chrono::milliseconds> limit);

  private:
    explicit Client(Fd fd) : fd_(std::move(fd)) {}
    Fd fd_;
    std::string buffer_;
};

}  // namespace evenkeel::agent
