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

    // Sends the request and waits for the reply, and each line of a stream before it, a little
    // longer than the request's own timeout. The items of a stream become the first member of the
    // result, `resources`, as they stand in an answer that came whole.
    Result<wire::Reply> ask(const wire::Request& request);
    // The next line that the agent sends, without its end; `unavailable` when it has gone.
    Result<std::string> read_line(std::optional<std::chrono::milliseconds> limit);

  private:
    explicit Client(Fd fd) : fd_(std::move(fd)) {}
    std::optional<std::string> take_line();

    Fd fd_;
    std::string buffer_;        // what has come
    std::size_t begin_ = 0;     // of the next line in it
    std::size_t searched_ = 0;  // up to there is no end of a line
};

}  // namespace evenkeel::agent
