#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/base/result.hpp"
#include "core/run/loop.hpp"
#include "core/wire/message.hpp"

namespace evenkeel::agent {

// The socket for local administrators: mode 0600, and only root or the user that the agent runs as
// is heard. [loop]
class SocketServer {
  public:
    // Answers one request, once.
    using Ask = std::function<void(const wire::Request&, std::function<void(wire::Reply)>)>;

    // Listens at `path`, in place of a socket that nobody answers at. `conflict` when somebody
    // does.
    static Result<std::unique_ptr<SocketServer>> open(run::Loop& loop, const std::string& path,
                                                      Ask ask);
    // Closes all connections and removes the socket.
    ~SocketServer();
    SocketServer(const SocketServer&) = delete;
    SocketServer& operator=(const SocketServer&) = delete;

    // Whether anybody asked to watch.
    bool is_watched() const;
    // Gives a line to everybody who asked to watch.
    void broadcast(const std::string& line);

  private:
    struct Inside;
    explicit SocketServer(std::shared_ptr<Inside> inside);
    // Shared with the connections' pending reads and writes.
    std::shared_ptr<Inside> inside_;
};

}  // namespace evenkeel::agent
