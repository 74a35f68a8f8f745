#pragma once

#include <functional>
#include <memory>

#include "core/base/result.hpp"

namespace evenkeel::run {
class Loop;
}

namespace evenkeel::wire {
struct Reply;
struct Request;
}  // namespace evenkeel::wire

namespace evenkeel::agent {

// The socket for local administrators: mode 0600, and only root or the user that the agent runs as
// is heard. A connection that breaks the protocol gets an error, one that does not read is closed;
// neither holds the agent up. [loop]
class SocketServer {
  public:
    // Answers one request, once.
    using Ask = std::function<void(const wire::Request&, std::function<void(wire::Reply)>)>;

    // Listens at `path`, in place of a socket that nothing answers at. `conflict` when a
    // program does.
    static Result<std::unique_ptr<SocketServer>> open(run::Loop& loop, const std::string& path,
                                                      Ask ask);
    // Closes all connections and removes the socket.
    ~SocketServer();
    SocketServer(const SocketServer&) = delete;
    SocketServer& operator=(const SocketServer&) = delete;

    // Whether any connection watches.
    bool is_watched() const;
    // Gives a line to every connection that watches.
    void broadcast(const std::string& line);

  private:
    struct Inside;
    explicit SocketServer(std::shared_ptr<Inside> inside);
    // Shared with the connections' pending reads and writes.
    std::shared_ptr<Inside> inside_;
};

}  // namespace evenkeel::agent
