#include "core/agent/local/socket_server.hpp"

#include <algorithm>
#include <chrono>
#include <deque>
#include <list>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/agent/local/client.hpp"
#include "core/agent/requests/local_protocol.hpp"
#include "core/base/file.hpp"
#include "core/base/log.hpp"
#include "core/run/loop.hpp"

namespace evenkeel::agent {
namespace {

namespace asio = boost::asio;
using Protocol = asio::local::stream_protocol;

constexpr std::size_t kConnectionsMost = 64;
// Before the next attempt when a connection could not be accepted, such as without descriptors.
constexpr std::chrono::milliseconds kAcceptPause(100);
constexpr std::size_t kUnsentMost = 4 << 20;  // a watcher that does not read is cut off

bool is_peer_allowed(int fd) {
    ucred peer = {};
    socklen_t size = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
    return peer.uid == 0 || peer.uid == geteuid();
}

// One connection: a request is answered before the next one is read.
class Connection : public std::enable_shared_from_this<Connection> {
  public:
    Connection(Protocol::socket socket, const SocketServer::Handler& handler)
        : socket_(std::move(socket)), ask_(handler) {}

    bool watches() const { return watches_; }
    bool open() const { return socket_.is_open(); }

    void close() {
        boost::system::error_code ignored;
        socket_.close(ignored);
        stream_ = nullptr;
    }

    void read() {
        asio::async_read_until(
            socket_, asio::dynamic_buffer(buffer_, kLocalBytesMost), '\n',
            [self = shared_from_this()](const boost::system::error_code& error, std::size_t size) {
                if (error) return self->close();
                self->on_line(self->take_line(size));
            });
    }

    void send(std::string line) {
        unsent_ += line.size();
        if (unsent_ > kUnsentMost && watches_) return close();
        lines_.push_back(std::move(line));
        if (lines_.size() == 1) write();
    }

  private:
    // What was read is not kept: a FILE has megabytes, and a connection may stay open for long.
    std::string take_line(std::size_t size) {
        if (size == buffer_.size()) return std::exchange(buffer_, {});
        std::string line = buffer_.substr(0, size);
        buffer_ = buffer_.substr(size);
        return line;
    }

    void on_line(std::string line) {
        const auto request = decode_local_request(line);
        line = {};
        if (!request) return reply({request.error(), json::Object{}});
        if (request->verb == wire::RequestVerb::watch) {
            watches_ = true;
            return reply({std::nullopt, json::Object{{"watching", true}}});
        }
        const auto weak = weak_from_this();
        ask_(*request, {[weak](const wire::Reply& answer) {
                            if (const auto self = weak.lock(); self && self->open())
                                self->reply(answer);
                        },
                        [weak](Lines lines) {
                            if (const auto self = weak.lock(); self && self->open())
                                self->stream(std::move(lines));
                        }});
    }

    void stream(Lines lines) {
        stream_ = std::move(lines);
        if (lines_.empty()) go_on();
    }

    // With the next piece of a stream, or with the next request behind its last one.
    void go_on() {
        if (std::string piece = stream_(); !piece.empty()) return send(std::move(piece));
        stream_ = nullptr;
        read();
    }

    void reply(const wire::Reply& answer) {
        send(wire::encode(answer) + "\n");
        read();
    }

    void write() {
        asio::async_write(
            socket_, asio::buffer(lines_.front()),
            [self = shared_from_this()](const boost::system::error_code& error, std::size_t size) {
                if (error) return self->close();
                self->unsent_ -= size;
                self->lines_.pop_front();
                if (!self->lines_.empty()) return self->write();
                if (self->stream_) self->go_on();
            });
    }

    Protocol::socket socket_;
    const SocketServer::Handler& ask_;
    std::string buffer_;
    std::deque<std::string> lines_;
    std::size_t unsent_ = 0;
    Lines stream_;  // the rest of an answer, while there is one
    bool watches_ = false;
};

}  // namespace

struct SocketServer::Inside : std::enable_shared_from_this<Inside> {
    Inside(run::Loop& on, std::string at, Handler answer)
        : loop(on), acceptor(on.context()), path(std::move(at)), handler(std::move(answer)) {}

    void accept() {
        acceptor.async_accept([self = shared_from_this()](const boost::system::error_code& error,
                                                          Protocol::socket socket) {
            if (!self->acceptor.is_open()) return;
            if (!error) {
                self->take(std::move(socket));
                return self->accept();
            }
            self->pause = self->loop.after(kAcceptPause, [weak = std::weak_ptr(self)] {
                if (const auto later = weak.lock()) later->accept();
            });
        });
    }

    void take(Protocol::socket socket) {
        connections.remove_if([](const auto& each) { return !each->open(); });
        if (!is_peer_allowed(socket.native_handle()) || connections.size() >= kConnectionsMost) {
            log::warning("a local connection is refused");
            return;
        }
        connections.push_back(std::make_shared<Connection>(std::move(socket), handler));
        connections.back()->read();
    }

    run::Loop& loop;
    Protocol::acceptor acceptor;
    run::Timer pause;
    std::string path;
    Handler handler;
    std::list<std::shared_ptr<Connection>> connections;
};

SocketServer::SocketServer(std::shared_ptr<Inside> inside) : inside_(std::move(inside)) {}

Result<std::unique_ptr<SocketServer>> SocketServer::open(run::Loop& loop, const std::string& path,
                                                         Handler handler) {
    if (Client::connect(path)) return fail(Errc::conflict, "another process listens at " + path);
    unlink(path.c_str());
    auto inside = std::make_shared<Inside>(loop, path, std::move(handler));
    // The socket is created with mode 0600: with a chmod afterwards others could connect before it.
    const mode_t mask = umask(0177);
    boost::system::error_code error;
    try {
        inside->acceptor.open();
        inside->acceptor.bind(Protocol::endpoint(path));
        inside->acceptor.listen();
    } catch (const boost::system::system_error& thrown) {
        error = thrown.code();
    }
    umask(mask);
    if (error) return fail(system_error(error.value(), "listen at " + path));
    inside->accept();
    return std::unique_ptr<SocketServer>(new SocketServer(std::move(inside)));
}

SocketServer::~SocketServer() {
    boost::system::error_code ignored;
    inside_->acceptor.close(ignored);
    inside_->pause.cancel();
    for (const auto& connection : inside_->connections) connection->close();
    unlink(inside_->path.c_str());
}

bool SocketServer::is_watched() const {
    const auto& all = inside_->connections;
    return std::any_of(all.begin(), all.end(),
                       [](const auto& each) { return each->open() && each->watches(); });
}

void SocketServer::broadcast(const std::string& line) {
    for (const auto& connection : inside_->connections) {
        if (connection->open() && connection->watches()) connection->send(line);
    }
}

}  // namespace evenkeel::agent
