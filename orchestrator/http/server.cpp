#include "orchestrator/http/server.hpp"

#include <algorithm>

#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <sys/resource.h>

#include "core/base/id.hpp"
#include "core/base/log.hpp"
#include "orchestrator/http/listen_address.hpp"
#include "orchestrator/http/reply_text.hpp"
#include "orchestrator/http/server_core.hpp"
#include "orchestrator/http/tls.hpp"

namespace evenkeel::http {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

// File descriptors reserved for the rest of the program.
constexpr std::size_t kReservedDescriptors = 128;
constexpr std::chrono::milliseconds kAcceptPause(100);
constexpr std::chrono::milliseconds kCancelAgain(10);

std::size_t bearable_connections(std::size_t wanted) {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return wanted;
    const std::size_t all = limit.rlim_cur;
    return std::min(wanted, all > 2 * kReservedDescriptors ? all - kReservedDescriptors : all / 2);
}

ServerOptions bearable(ServerOptions options) {
    options.connections_max = bearable_connections(options.connections_max);
    return options;
}

// Whatever principals do, an eighth of all connections is left for /livez and those to come.
Shares::Limits limits_of(const ServerOptions& options) {
    const std::size_t busy = options.connections_max - options.connections_max / 8;
    return {{{options.requests_per_principal_max, busy},
             {options.streams_per_principal_max, std::min(options.streams_max, busy)},
             {options.bodies_bytes_per_principal_max, options.bodies_bytes_max},
             {options.replies_bytes_per_principal_max, options.replies_bytes_max}}};
}

asio::ip::address address_of(const tcp::socket& socket) {
    error_code error;
    const asio::ip::address address = socket.remote_endpoint(error).address();
    if (!address.is_v6() || !address.to_v6().is_v4_mapped()) return address;
    return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
}

// One customer of an IPv6 provider has a whole /64, so it counts as one address.
std::string cap_key_of(const asio::ip::address& address) {
    if (!address.is_v6()) return address.to_string();
    const auto bytes = address.to_v6().to_bytes();
    return {bytes.begin(), bytes.begin() + 8};
}

Error listen_error(const std::string& listen, const error_code& error) {
    const bool taken = error == asio::error::address_in_use;
    return {taken ? Errc::conflict : Errc::invalid,
            "listening on " + listen + ": " + error.message()};
}

}  // namespace

Connection::Connection(std::shared_ptr<ServerCore> of, Tcp::socket accepted)
    : core(std::move(of)), socket(std::move(accepted)), watchdog(core->loop), signal(core->loop) {
    const asio::ip::address address = address_of(socket);
    peer = address.to_string();
    cap_key = cap_key_of(address);
    error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
}

void Connection::expire_in(std::chrono::milliseconds duration) {
    timed_out = false;
    ++watch_;
    watch_for(duration);
}

void Connection::watch_for(std::chrono::milliseconds duration) {
    watchdog.expires_after(duration);
    watchdog.async_wait([weak = weak_from_this(), watch = watch_](const error_code& error) {
        const auto self = weak.lock();
        if (error || !self || self->watch_ != watch) return;
        self->timed_out = true;
        error_code ignored;
        self->socket.cancel(ignored);
        // An operation that had completed before the cancel is not cancelled by it; cancelling
        // again ends the one that follows.
        self->watch_for(kCancelAgain);
    });
}

void Connection::never_expire() {
    ++watch_;
    watchdog.cancel();
}

void Connection::cut() {
    is_cut = true;
    error_code ignored;
    socket.close(ignored);
    never_expire();
    signal.cancel();
    close_stream();
}

void Connection::close_stream() {
    if (!stream) return;
    try {
        stream->close();
    } catch (const std::exception& failure) {
        log::error("a stream's callback threw", {{"error", failure.what()}});
    }
}

ServerCore::ServerCore(asio::io_context& io, ServerOptions given, Server::Door to)
    : loop(io),
      options(bearable(std::move(given))),
      door(std::move(to)),
      shares(limits_of(options)),
      acceptor_(io),
      timer_(io) {}

namespace {

Result<ListenAddress> allowed_address(const ServerOptions& options) {
    if (options.certificate.empty() != options.key.empty()) {
        return fail(Errc::invalid, "a certificate needs its key, and a key its certificate");
    }
    return parse_listen(options.listen, !options.certificate.empty());
}

}  // namespace

Result<ListenAddress> check_listening(const ServerOptions& options) {
    const ListenAddress want = EK_TRY(allowed_address(options));
    if (!options.certificate.empty()) EK_TRY(make_tls(options.certificate, options.key));
    return want;
}

Result<void> ServerCore::listen() {
    const ListenAddress want = EK_TRY(allowed_address(options));
    if (!options.certificate.empty()) tls = EK_TRY(make_tls(options.certificate, options.key));
    error_code error;
    tcp::endpoint endpoint(asio::ip::make_address(want.host, error), want.port);
    if (!error) acceptor_.open(endpoint.protocol(), error);
    if (error && want.host == "::") {  // a machine without IPv6
        endpoint = {tcp::v4(), want.port};
        acceptor_.open(endpoint.protocol(), error);
    }
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error && want.host == "::" && endpoint.protocol() == tcp::v6()) {
        acceptor_.set_option(asio::ip::v6_only(false), error);
    }
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(tcp::acceptor::max_listen_connections, error);
    if (error) return fail(listen_error(options.listen, error));
    address = join_address(endpoint.address().to_string(), acceptor_.local_endpoint(error).port());
    return {};
}

void ServerCore::accept() {
    acceptor_.async_accept(
        [self = shared_from_this()](const error_code& error, tcp::socket socket) {
            try {
                self->on_accept(error, std::move(socket));
            } catch (const std::exception& failure) {
                log::error("a connection could not be taken", {{"error", failure.what()}});
            }
            if (!error && !self->stopping) self->accept();
        });
}

void ServerCore::on_accept(const error_code& error, tcp::socket socket) {
    if (stopping) return;
    if (!error) return admit(std::move(socket));
    // Out of descriptors or memory: evict the one that has waited longest, and try again.
    log::warning("accepting a connection failed", {{"error", error.message()}});
    evict("");
    timer_.expires_after(kAcceptPause);
    timer_.async_wait([self = shared_from_this()](const error_code& cancelled) {
        if (!cancelled && !self->stopping) self->accept();
    });
}

void ServerCore::admit(tcp::socket socket) {
    auto connection = std::make_shared<Connection>(shared_from_this(), std::move(socket));
    if (!make_room(*connection)) {
        ++turned_away;
        return refuse(*connection);
    }
    connections.insert(connection.get());
    start_waiting(*connection);
    start_session(std::move(connection));
}

bool ServerCore::make_room(Connection& connection) {
    const auto counted = per_address_.find(connection.cap_key);
    const std::size_t same = counted == per_address_.end() ? 0 : counted->second;
    if (same >= options.connections_per_address_max && !evict(connection.cap_key)) return false;
    return connections.size() < options.connections_max || evict("");
}

bool ServerCore::evict(const std::string& key) {
    return evict_from(waiting_, key) || evict_from(strangers_, key);
}

bool ServerCore::evict_from(const List& list, const std::string& key) {
    const auto found = std::find_if(list.begin(), list.end(), [&](const Connection* one) {
        return key.empty() || one->cap_key == key;
    });
    if (found == list.end()) return false;
    const auto connection = (*found)->shared_from_this();
    forget(*connection);
    connection->cut();
    return true;
}

// One attempt to send the reason: a client that does not read must not delay the server.
void ServerCore::refuse(Connection& connection) const {
    error_code error;
    if (!tls) {
        const std::string id = make_id("req");
        Problem problem{Code::unavailable, "too many connections"};
        problem.headers.emplace_back("Retry-After", "1");
        const std::string text =
            to_text(to_reply(problem, "", id), {.request_id = id, .keep_alive = false});
        connection.socket.non_blocking(true, error);
        connection.socket.send(asio::buffer(text), 0, error);
        connection.socket.shutdown(tcp::socket::shutdown_send, error);
    }
    connection.socket.close(error);
}

void ServerCore::start_waiting(Connection& connection) {
    if (connection.is_cut) return;
    enter(&waiting_, connection);
    count_address(connection, true);
}

void ServerCore::mark_stranger(Connection& connection) {
    if (!connection.is_cut) enter(&strangers_, connection);
}

void ServerCore::mark_busy(Connection& connection) {
    enter(nullptr, connection);
    count_address(connection, false);
}

void ServerCore::enter(List* list, Connection& connection) {
    if (connection.list == list) return;
    if (connection.list) connection.list->erase(connection.list_at);
    connection.list = list;
    if (list) connection.list_at = list->insert(list->end(), &connection);
}

void ServerCore::count_address(Connection& connection, bool counted) {
    if (std::exchange(connection.counts_by_address, counted) == counted) return;
    if (counted) {
        ++per_address_[connection.cap_key];
        return;
    }
    const auto found = per_address_.find(connection.cap_key);
    if (--found->second == 0) per_address_.erase(found);
}

void ServerCore::forget(Connection& connection) {
    enter(nullptr, connection);
    count_address(connection, false);
    if (connections.erase(&connection) == 0) return;
    if (!connections.empty() || !stopped_) return;
    timer_.cancel();
    asio::post(loop, std::exchange(stopped_, nullptr));
}

void ServerCore::stop(std::chrono::milliseconds grace, std::function<void()> done) {
    stopping = true;
    error_code ignored;
    acceptor_.close(ignored);
    if (connections.empty()) return asio::post(loop, std::move(done));
    stopped_ = std::move(done);
    timer_.expires_after(grace);
    timer_.async_wait([self = shared_from_this()](const error_code& cancelled) {
        if (!cancelled) self->cut_all();
    });
    while (evict_from(waiting_, "")) {
    }
    const std::set<Connection*> streaming = connections;
    for (Connection* connection : streaming) connection->close_stream();
}

void ServerCore::cut_all() {
    const std::set<Connection*> all = connections;
    for (Connection* connection : all) {
        const auto kept = connection->shared_from_this();
        forget(*kept);
        kept->cut();
    }
}

Server::Server(std::shared_ptr<ServerCore> core) : core_(std::move(core)) {}

Result<std::unique_ptr<Server>> Server::start(asio::io_context& loop, ServerOptions options,
                                              Door door) {
    auto core = std::make_shared<ServerCore>(loop, std::move(options), std::move(door));
    EK_CHECK(core->listen());
    core->accept();
    return std::unique_ptr<Server>(new Server(std::move(core)));
}

Server::~Server() {
    if (!core_->stopping) core_->stop(std::chrono::milliseconds(0), [] {});
    core_->cut_all();
    core_->door = {};
}

const std::string& Server::address() const {
    return core_->address;
}

std::size_t Server::connections() const {
    return core_->connections.size();
}

const Shares::Counts& Server::shares() const {
    return core_->shares.counts();
}

std::uint64_t Server::turned_away() const {
    return core_->turned_away;
}

void Server::stop(std::chrono::milliseconds grace, std::function<void()> done) {
    core_->stop(grace, std::move(done));
}

}  // namespace evenkeel::http
