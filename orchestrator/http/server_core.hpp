#pragma once

#include <list>
#include <map>
#include <optional>
#include <set>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "orchestrator/http/server.hpp"

namespace boost::asio::ssl {
class context;
}

// Inside the server: what server.cpp (listening, counting, stopping) and session.cpp (talking to
// one client) share. All of it [loop].
namespace evenkeel::http {

class ServerCore;

// One client, from accept to close. Its coroutine (session.cpp) owns it; the core only counts it.
struct Connection : std::enable_shared_from_this<Connection> {
    using Tcp = boost::asio::ip::tcp;

    Connection(std::shared_ptr<ServerCore> of, Tcp::socket accepted);

    // Cancels what the socket does from when `duration` has passed, and sets timed_out. Replaces
    // the earlier one.
    void expire_in(std::chrono::milliseconds duration);
    void never_expire();
    // Closes the socket at once, without a reply.
    void cut();
    // Closes the stream, if there is one; a callback that throws is logged.
    void close_stream();

    std::shared_ptr<ServerCore> core;
    Tcp::socket socket;
    boost::asio::steady_timer watchdog;
    // Never fires by itself while a reply is awaited: cancelling it wakes the coroutine.
    boost::asio::steady_timer signal;
    std::string peer;     // the address
    std::string cap_key;  // what counts as one address: the peer, or its IPv6 /64
    bool timed_out = false;
    bool is_cut = false;
    // Where the core lists it, if it may be cut.
    std::list<Connection*>* list = nullptr;
    std::list<Connection*>::iterator list_at;
    bool counts_by_address = false;

    // The answer to the request in work, from its responder.
    std::optional<Reply> reply;
    std::shared_ptr<Stream> stream;
    Shares::Share stream_share;

  private:
    void watch_for(std::chrono::milliseconds duration);

    std::uint64_t watch_ = 0;  // distinguishes a queued expiry from the current one
};

class ServerCore : public std::enable_shared_from_this<ServerCore> {
  public:
    using Tcp = boost::asio::ip::tcp;

    ServerCore(boost::asio::io_context& io, ServerOptions given, Server::Door to);

    Result<void> listen();
    void accept();
    void stop(std::chrono::milliseconds grace, std::function<void()> done);
    void cut_all();

    // The connection waits for its client: it may be cut to make room, and counts under its
    // address.
    void start_waiting(Connection& connection);
    // Its request has no token that counts: it may be cut when none that waits is left to be.
    void mark_stranger(Connection& connection);
    // It is busy with the request of a principal, under which it counts.
    void mark_busy(Connection& connection);
    // Removes it from all counts and lists. Idempotent.
    void forget(Connection& connection);

    boost::asio::io_context& loop;
    ServerOptions options;
    Server::Door door;
    Shares shares;
    std::shared_ptr<boost::asio::ssl::context> tls;  // null: plain
    std::string address;
    std::uint64_t turned_away = 0;
    bool stopping = false;
    std::set<Connection*> connections;

  private:
    void on_accept(const boost::system::error_code& error, Tcp::socket socket);
    void admit(Tcp::socket socket);
    using List = std::list<Connection*>;

    bool make_room(Connection& connection);
    // Cuts the connection of `key` (of all, when empty) that waits longest, else the oldest
    // stranger's.
    bool evict(const std::string& key);
    bool evict_from(const List& list, const std::string& key);
    void count_address(Connection& connection, bool counted);
    void enter(List* list, Connection& connection);
    void refuse(Connection& connection) const;

    Tcp::acceptor acceptor_;
    boost::asio::steady_timer timer_;  // accept's pause, then the grace of stop()
    std::map<std::string, std::size_t> per_address_;
    List waiting_;    // longest first
    List strangers_;  // oldest first
    std::function<void()> stopped_;
};

// Serves the connection until it ends, in a coroutine of its own. In session.cpp.
void start_session(std::shared_ptr<Connection> connection);

}  // namespace evenkeel::http
