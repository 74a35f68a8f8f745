#pragma once

#include <functional>
#include <memory>

#include "core/base/result.hpp"

namespace evenkeel::agent {
struct LocalAnswer;
}

namespace evenkeel::run {
class Loop;
}

namespace evenkeel::wire {
struct Request;
}  // namespace evenkeel::wire

namespace evenkeel::agent {

// The socket for local administrators: mode 0600, and only root or the user that the agent runs as
// may connect. A connection that breaks the protocol gets an error, one that does not read is
// closed; neither delays the agent. Of an answer that is a stream, what waits for the client is
// what the socket holds and a piece more: the rest is made when that has been read. [loop]
class SocketServer {
  public:
    // Answers one request, once.
    using Handler = std::function<void(const wire::Request&, LocalAnswer)>;

    // Listens at `path`, and replaces a socket that no process listens at. `conflict` when one
    // does.
    static Result<std::unique_ptr<SocketServer>> open(run::Loop& loop, const std::string& path,
                                                      Handler handler);
    // Closes all connections and removes the socket.
    ~SocketServer();
    SocketServer(const SocketServer&) = delete;
    SocketServer& operator=(const SocketServer&) = delete;

    // Whether any connection watches.
    bool is_watched() const;
    // Sends a line to every connection that watches.
    void broadcast(const std::string& line);

  private:
    struct Inside;
    explicit SocketServer(std::shared_ptr<Inside> inside);
    // Shared with the connections' pending reads and writes.
    std::shared_ptr<Inside> inside_;
};

}  // namespace evenkeel::agent
