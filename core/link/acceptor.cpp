#include "core/link/acceptor.hpp"

#include <atomic>
#include <utility>

#include <proton/container.hpp>
#include <proton/listener.hpp>
#include <proton/work_queue.hpp>

#include "core/base/log.hpp"
#include "core/link/backlog.hpp"
#include "core/link/outbound.hpp"
#include "core/run/throttle.hpp"

namespace evenkeel::link {
namespace {

constexpr std::uint64_t kSweepMs = 100;
// Over how long heartbeats are gathered.
constexpr std::uint64_t kHeartbeatsMs = 100;
// How long a peer may take to answer our close.
constexpr std::chrono::seconds kCloseLimit{2};
constexpr std::chrono::minutes kBetweenWarnings{1};

std::uint64_t next_connection() {
    static std::atomic<std::uint64_t> last{0};
    return ++last;
}

ConnectionSlots::Limits limits_of(const Listener::Options& options) {
    return {.taken_max = options.connections_max,
            .waiting_min = options.waiting_min,
            .per_source_max = options.connections_per_source_max,
            .handshake_timeout = options.handshake_timeout,
            .request_timeout = options.request_timeout,
            .close_timeout = kCloseLimit};
}

}  // namespace

Acceptor::Acceptor(const Listener::Options& options, const Listener::Policy& policy,
                   EventGate<Listener::Events> out,
                   std::function<void(Result<std::uint16_t>)> listening)
    : options_(options),
      policy_(policy),
      out_(std::move(out)),
      listening_(std::move(listening)),
      slots_(limits_of(options)),
      handshakes_(options.handshakes_max, options.handshake_patience) {}

void Acceptor::listen(proton::container& container, const proton::connection_options& server,
                      std::uint16_t port) {
    container_ = &container;
    container.server_connection_options(server);
    container.listen(url_of(options_.host, port), *this);
}

void Acceptor::on_open(proton::listener& listener) {
    const auto port = static_cast<std::uint16_t>(listener.port());
    if (raise_backlog(port, options_.backlog) == 0) {
        log::warning("cannot raise the backlog of the port", {{"port", std::to_string(port)}});
    }
    gate_.guard(listening_sockets(port));
    listening_(port);
}

void Acceptor::on_error(proton::listener&, const std::string& text) {
    listening_(fail(Errc::unavailable, text));
}

proton::connection_options Acceptor::on_accept(proton::listener&) {
    const std::uint64_t id = next_connection();
    const auto inbound = std::make_shared<Inbound>(*this, options_, policy_, id, sink_for(id));
    inbounds_.emplace(id, inbound);
    proton_overrides::expect(inbound.get());
    handshakes_.begin(id, Inbound::Clock::now());
    adjust_gate();
    return proton::connection_options().handler(*inbound);
}

void Acceptor::inbound_accepted(Inbound& inbound) {
    if (refuses_new_) return inbound.cut("the listener stops");
    const Peer& peer = inbound.peer();
    evict(slots_.arrive(peer.connection, run::source_of(peer.address), Inbound::Clock::now()));
    watch_deadlines();
}

bool Acceptor::inbound_may_enter(Inbound& inbound) {
    const std::uint64_t id = inbound.peer().connection;
    if (!serves_requests()) return slots_.take(id);
    evict(slots_.await_request(id, Inbound::Clock::now()));
    return true;
}

void Acceptor::inbound_admitted(Inbound& inbound) {
    handshake_ended(inbound.peer().connection);
    {
        const std::lock_guard lock(mutex_);
        admitted_.emplace(inbound.peer().connection, inbounds_.at(inbound.peer().connection));
    }
    out_.post([peer = inbound.peer()](const Listener::Events& events) {
        if (events.on_connected) events.on_connected(peer);
    });
}

void Acceptor::inbound_attached(const Inbound& inbound, const std::string& address,
                                Direction direction) {
    out_.post([id = inbound.peer().connection, address, direction](const auto& events) {
        if (events.on_attached) events.on_attached(id, address, direction);
    });
}

void Acceptor::inbound_detached(const Inbound& inbound, const std::string& address,
                                Direction direction) {
    out_.post([id = inbound.peer().connection, address, direction](const auto& events) {
        if (events.on_detached) events.on_detached(id, address, direction);
    });
}

void Acceptor::inbound_closing(Inbound& inbound) {
    handshake_ended(inbound.peer().connection);
    slots_.closing(inbound.peer().connection, Inbound::Clock::now());
    watch_deadlines();
}

void Acceptor::inbound_closed(Inbound& inbound) {
    const std::uint64_t id = inbound.peer().connection;
    slots_.leave(id);
    handshake_ended(id);
    if (inbound.admitted()) {
        {
            const std::lock_guard lock(mutex_);
            admitted_.erase(id);
        }
        out_.post([id, reason = inbound.reason()](const auto& events) {
            if (events.on_disconnected) events.on_disconnected(id, reason);
        });
    } else {
        // At debug level for a peer without a certificate, so that strangers cannot fill the log.
        const auto level =
            inbound.peer().fingerprint.empty() ? log::Level::debug : log::Level::info;
        log::write(level, "connection refused",
                   {{"from", inbound.peer().address},
                    {"fingerprint", inbound.peer().fingerprint},
                    {"reason", inbound.reason()}});
    }
    const auto found = inbounds_.find(id);
    if (found == inbounds_.end()) return;
    retired_ = std::move(found->second);
    inbounds_.erase(found);
}

bool Acceptor::begin_request(std::uint64_t connection) {
    if (slots_.take(connection)) return true;
    const auto found = inbounds_.find(connection);
    if (found == inbounds_.end()) return false;
    found->second->refuse("amqp:resource-limit-exceeded", "too many requests are in progress");
    return false;
}

void Acceptor::cut(std::uint64_t connection, const std::string& reason) {
    const auto found = inbounds_.find(connection);
    if (found != inbounds_.end()) found->second->cut(reason);
}

void Acceptor::evict(std::optional<std::uint64_t> connection) {
    if (!connection) return;
    cut(*connection, "too many connections: it was to make room for others");
    const auto now = Inbound::Clock::now();
    if (now < next_warning_) return;
    next_warning_ = now + kBetweenWarnings;
    const auto found = inbounds_.find(*connection);
    log::warning("too many connections wait at a port of the bus: the oldest make room",
                 {{"waiting", std::to_string(slots_.waiting())},
                  {"in_use", std::to_string(slots_.taken())},
                  {"from", found == inbounds_.end() ? "" : found->second->peer().address}});
}

void Acceptor::handshake_ended(std::uint64_t connection) {
    handshakes_.end(connection);
    adjust_gate();
}

void Acceptor::adjust_gate() {
    gate_.set_shut(handshakes_.is_reached(Inbound::Clock::now()));
    if (gate_.is_shut()) watch_deadlines();
}

void Acceptor::watch_deadlines() {
    if (!refuses_new_ && !std::exchange(sweeping_, true)) sweep();
}

void Acceptor::sweep() {
    for (const std::uint64_t connection : slots_.take_overdue(Inbound::Clock::now())) {
        cut(connection, "not admitted, without a request, or not closed, in time");
    }
    gate_.set_shut(handshakes_.is_reached(Inbound::Clock::now()));
    // A container that is stopped ends what it has, and waits for what is scheduled.
    sweeping_ = !refuses_new_ && (slots_.has_deadlines() || gate_.is_shut());
    if (sweeping_) container_->schedule(proton::duration(kSweepMs), [this] { sweep(); });
}

void Acceptor::ended() {
    auto left = inbounds_;
    for (const auto& [id, inbound] : left) inbound->transport_closed();
    gate_.unguard();
}

Traffic::Sink Acceptor::sink_for(std::uint64_t connection) {
    return {[this, out = out_, connection](const std::string& address, Message message,
                                           Delivery delivery) {
                if (serves_requests() && !begin_request(connection)) return;
                out.post([connection, address, message = std::move(message),
                          delivery = std::move(delivery)](const Listener::Events& events) {
                    if (events.on_message) {
                        events.on_message(connection, address, message, delivery);
                    }
                });
            },
            [out = out_, connection](const std::string& address, std::uint64_t token,
                                     Disposition disposition) {
                out.post([connection, address, token, disposition](const auto& events) {
                    if (events.on_settled) {
                        events.on_settled(connection, address, token, disposition);
                    }
                });
            },
            [this, connection](const Message& message) {
                if (!policy_.is_heartbeat || !policy_.is_heartbeat(message)) return false;
                heard(connection);
                return true;
            }};
}

void Acceptor::heard(std::uint64_t connection) {
    const bool is_first = heard_.empty();
    heard_.insert(connection);
    if (!is_first) return;
    container_->schedule(proton::duration(kHeartbeatsMs), [this] {
        out_.post([heard = std::exchange(heard_, {})](const Listener::Events& events) {
            if (events.on_heartbeats) events.on_heartbeats(heard);
        });
    });
}

std::shared_ptr<Inbound> Acceptor::admitted(std::uint64_t connection) {
    const std::lock_guard lock(mutex_);
    const auto found = admitted_.find(connection);
    return found == admitted_.end() ? nullptr : found->second;
}

Result<void> Acceptor::send(std::uint64_t connection, const std::string& address,
                            std::uint64_t token, Message message) {
    const auto inbound = admitted(connection);
    if (!inbound) return fail(Errc::not_found, "the connection is gone");
    auto sent = inbound->traffic()->send(address, token, std::move(message));
    if (!sent && sent.error().code == Errc::unavailable) sent.error().code = Errc::not_found;
    return sent;
}

void Acceptor::close(std::uint64_t connection, const std::string& condition,
                     const std::string& text) {
    const auto inbound = admitted(connection);
    if (!inbound) return;
    inbound->traffic()->mailbox().post(
        [inbound, condition, text] { inbound->refuse(condition, text); });
}

void Acceptor::await_request(std::uint64_t connection) {
    const auto inbound = admitted(connection);
    if (!inbound || !serves_requests()) return;
    inbound->traffic()->mailbox().post([this, connection] {
        evict(slots_.await_request(connection, Inbound::Clock::now()));
        watch_deadlines();
    });
}

}  // namespace evenkeel::link
