#include "core/link/acceptor.hpp"

#include <atomic>
#include <utility>

#include <proton/container.hpp>
#include <proton/listener.hpp>
#include <proton/work_queue.hpp>

#include "core/base/log.hpp"
#include "core/link/backlog.hpp"
#include "core/link/outbound.hpp"

namespace evenkeel::link {
namespace {

constexpr std::uint64_t kSweepMs = 100;

std::uint64_t next_connection() {
    static std::atomic<std::uint64_t> last{0};
    return ++last;
}

}  // namespace

Acceptor::Acceptor(const Listener::Options& options, const Listener::Policy& policy,
                   EventGate<Listener::Events> out,
                   std::function<void(Result<std::uint16_t>)> listening)
    : options_(options), policy_(policy), out_(std::move(out)), listening_(std::move(listening)) {}

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
    listening_(port);
}

void Acceptor::on_error(proton::listener&, const std::string& text) {
    listening_(fail(Errc::unavailable, text));
}

proton::connection_options Acceptor::on_accept(proton::listener&) {
    const std::uint64_t id = next_connection();
    const auto inbound = std::make_shared<Inbound>(*this, options_, policy_, id, sink_for(id));
    inbounds_.emplace(id, inbound);
    if (inbounds_.size() > options_.connections_max) inbound->refuse_new("too many connections");
    proton_overrides::expect(inbound.get());
    return proton::connection_options().handler(*inbound);
}

void Acceptor::inbound_accepted(Inbound& inbound) {
    const std::size_t from_there = ++per_address_[inbound.peer().address];
    watch(inbound);
    if (refuses_new_) return inbound.cut("the listener stops");
    if (from_there > options_.connections_per_address_max) {
        inbound.cut("too many connections from " + inbound.peer().address);
    }
}

void Acceptor::inbound_admitted(Inbound& inbound) {
    watched_.erase(inbound.peer().connection);
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
    watch(inbound);
}

void Acceptor::inbound_closed(Inbound& inbound) {
    const std::uint64_t id = inbound.peer().connection;
    if (inbound.has_arrived()) {
        const auto from = per_address_.find(inbound.peer().address);
        if (--from->second == 0) per_address_.erase(from);
    }
    watched_.erase(id);
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

void Acceptor::watch(Inbound& inbound) {
    watched_[inbound.peer().connection] = &inbound;
    if (!std::exchange(sweeping_, true)) sweep();
}

void Acceptor::sweep() {
    const auto now = Inbound::Clock::now();
    for (auto at = watched_.begin(); at != watched_.end();) {
        Inbound& inbound = *at->second;
        const bool due = inbound.deadline() <= now;
        at = due ? watched_.erase(at) : std::next(at);
        if (due) inbound.cut("not admitted, or not closed, in time");
    }
    sweeping_ = !watched_.empty();
    if (sweeping_) container_->schedule(proton::duration(kSweepMs), [this] { sweep(); });
}

void Acceptor::ended() {
    auto left = inbounds_;
    for (const auto& [id, inbound] : left) inbound->transport_closed();
}

Traffic::Sink Acceptor::sink_for(std::uint64_t connection) const {
    return {
        [out = out_, connection](const std::string& address, Message message, Delivery delivery) {
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
        }};
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

}  // namespace evenkeel::link
