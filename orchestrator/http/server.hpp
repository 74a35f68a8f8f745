#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "core/base/result.hpp"
#include "orchestrator/http/message.hpp"
#include "orchestrator/http/responder.hpp"
#include "orchestrator/http/shares.hpp"

namespace boost::asio {
class io_context;
}

namespace evenkeel::http {

class ServerCore;
struct ListenAddress;

struct ServerOptions {
    // "127.0.0.1:7780", "[::1]:0", "localhost:7780", ":7780" for every address. Port 0 takes one.
    std::string listen = "127.0.0.1:7780";
    // PEM files, both or neither. Required off loopback.
    std::string certificate = {};
    std::string key = {};

    std::size_t header_bytes_max = 64 * 1024;            // more is 431
    std::size_t target_bytes_max = 8 * 1024;             // more is 414
    std::size_t body_bytes_max = 1024 * 1024;            // more is 413, unless the route takes more
    std::size_t large_body_bytes_max = 8 * 1024 * 1024;  // more is 413 for every route
    // Of all requests in work; more is 503. Of one token's, and of all without one; more is 429.
    std::size_t bodies_bytes_max = 64 * 1024 * 1024;
    std::size_t bodies_bytes_per_principal_max = 8 * 1024 * 1024;
    // Of all replies under way that are larger than a piece of 64 KiB; more is 503, of one token's
    // 429. Only what changes nothing is refused so.
    std::size_t replies_bytes_max = 256 * 1024 * 1024;
    std::size_t replies_bytes_per_principal_max = 32 * 1024 * 1024;
    std::size_t stream_bytes_max = Stream::kBytesMax;
    // At a limit the connection that has waited longest for a request is closed, then the oldest
    // whose request has no token; when all are busy the new one gets 503. The total is lowered to
    // fit the file descriptor limit. A connection counts under its address, and while it is busy
    // with the request of a token under that; these leave an eighth of the total to the others.
    std::size_t connections_max = 4096;
    std::size_t connections_per_address_max = 512;
    std::size_t requests_per_principal_max = 256;  // in work, streams too; more is 429
    std::size_t streams_max = 1024;                // more is 503
    std::size_t streams_per_principal_max = 64;    // more is 429

    std::chrono::milliseconds header_timeout = std::chrono::seconds(10);  // also the TLS handshake
    std::chrono::milliseconds idle_timeout = std::chrono::seconds(60);    // between requests
    // At each moment a body or reply has had at most this long plus the time that the bytes which
    // have passed take at the slowest rate.
    std::chrono::milliseconds transfer_timeout = std::chrono::seconds(10);
    std::size_t transfer_bytes_per_second_min = 16 * 1024;
    std::chrono::milliseconds keep_alive = std::chrono::seconds(15);  // comment on a quiet stream
};

// What Server::start() can tell of its options without listening: where it would. `denied` for
// plain HTTP off loopback, `invalid` for what does not read.
Result<ListenAddress> check_listening(const ServerOptions& options);

// The HTTP/1.1 server: reads, admits and answers requests on the loop it is given. It refuses
// requests that intermediaries may read differently, limits every size, count and time, and answers
// every failure with a problem document. Made, used and destroyed on the loop thread.
class Server {
  public:
    // Called once for each request, on its header: sets the principal, and answers what it refuses
    // (false), whose body is not read. Empty: all are admitted. [loop]
    using Admit = std::function<bool(Request&, const std::shared_ptr<Responder>&)>;
    // Called once for each admitted request, when its body is there. [loop]
    using Serve = std::function<void(Request, const std::shared_ptr<Responder>&)>;
    struct Door {
        Admit admit;
        Serve serve;
    };

    // Listens when it returns. `denied` for plain HTTP off loopback, `invalid` for a malformed
    // address, certificate or key, `conflict` when the address is taken.
    static Result<std::unique_ptr<Server>> start(boost::asio::io_context& loop,
                                                 ServerOptions options, Door door);
    // Cuts every connection. The loop need not run afterwards.
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    // The real address: "127.0.0.1:40123".
    const std::string& address() const;
    std::size_t connections() const;
    // What callers hold, and how often they were refused. [loop]
    const Shares::Counts& shares() const;
    // Connections that were turned away because all were busy.
    std::uint64_t turned_away() const;

    // Stops accepting, closes idle connections and streams, lets requests in work finish until
    // `grace` is over, then cuts. `done` is called once from the loop, when no connection is left.
    void stop(std::chrono::milliseconds grace, std::function<void()> done);

  private:
    explicit Server(std::shared_ptr<ServerCore> core);
    std::shared_ptr<ServerCore> core_;  // shared with the connections, which may end later
};

}  // namespace evenkeel::http
