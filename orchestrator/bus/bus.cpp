#include "orchestrator/bus/bus.hpp"

#include <utility>
#include <vector>

#include "core/base/log.hpp"
#include "core/base/text.hpp"
#include "core/base/time.hpp"
#include "core/link/listener.hpp"
#include "orchestrator/hosts/quarantine.hpp"
#include "orchestrator/state/changes.hpp"
#include "orchestrator/state/hosts.hpp"

namespace evenkeel::bus {
namespace {

bool may_attach(const link::Peer& peer, const std::string& address, link::Direction direction) {
    if (direction == link::Direction::outgoing) return address == wire::agent_address(peer.host);
    return address == wire::kEventsAddress || address == wire::kRepliesAddress;
}

const link::Refusal kRetired{wire::kRetiredCondition, "this identity was retired"};

}  // namespace

Bus::Bus(const Parts& parts, const Endpoint& endpoint, ShowLive show_live)
    : parts_(parts),
      requests_(parts.loop),
      shared_{
          .loop = parts.loop,
          .state = parts.state,
          .protector = parts.protector,
          .schemas = parts.schemas,
          .presence = parts.presence,
          .allow_list = parts.allow_list,
          .requests = requests_,
          .heartbeat = parts.heartbeat,
          .send =
              [this](std::uint64_t connection, const std::string& address, std::uint64_t token,
                     link::Message message) {
                  ++traffic_.sent;
                  return listener_->send(connection, address, token, std::move(message));
              },
          .close = [this](
                       std::uint64_t connection, const std::string& condition,
                       const std::string& text) { listener_->close(connection, condition, text); },
          .admit = [this](
                       std::uint64_t connection, const wire::AgentHello& hello,
                       std::function<void()> then) { admit(connection, hello, std::move(then)); },
          .show_live = std::move(show_live)},
      duplicates_(parts.heartbeat),
      offline_(parts.loop, parts.state, parts.presence,
               [this](const std::string& host) { return is_online(host); }) {
    link::Listener::Options options;
    options.host = endpoint.host;
    options.port = endpoint.port;
    options.certificate_file = endpoint.certificate_file;
    options.key_file = endpoint.key_file;
    options.client_ca_file = endpoint.authority_file;
    options.idle_timeout = wire::kIdleHeartbeats * parts.heartbeat;
    link::Listener::Policy policy;
    policy.admit = [&allow_list = parts.allow_list](const link::Peer& peer) {
        return allow_list.find(peer.fingerprint);
    };
    policy.explain = [&allow_list = parts.allow_list](const link::Peer& peer) {
        return allow_list.is_retired(peer.fingerprint) ? std::optional(kRetired) : std::nullopt;
    };
    policy.may_attach = may_attach;
    policy.is_heartbeat = [beat = wire::encode(wire::Heartbeat{})](const link::Message& message) {
        return message.body == beat;
    };
    link::Listener::Events events;
    events.on_connected = [this](const link::Peer& peer) { on_connected(peer); };
    events.on_disconnected = [this](std::uint64_t connection, const std::string& reason) {
        log::debug("a link has ended", {{"reason", reason}});
        on_disconnected(connection);
    };
    events.on_message = [this](std::uint64_t connection, const std::string&, link::Message message,
                               link::Delivery delivery) {
        ++traffic_.received;
        const auto found = connections_.find(connection);
        if (found == connections_.end()) return;
        const std::shared_ptr<AgentConnection> keep = found->second;
        keep->receive(message, std::move(delivery));
        on_link_message(*keep);
    };
    events.on_heartbeats = [this](const std::unordered_set<std::uint64_t>& connections) {
        on_heartbeats(connections);
    };
    events.on_settled = [this](std::uint64_t connection, const std::string&, std::uint64_t token,
                               link::Disposition disposition) {
        const auto found = connections_.find(connection);
        if (found != connections_.end()) found->second->settled(token, disposition);
    };
    listener_ = std::make_unique<link::Listener>(
        std::move(options), std::move(policy), std::move(events),
        [&loop = parts.loop](std::function<void()> f) { loop.post(std::move(f)); });
    parts_.state.listen([this](const state::Changes& changes) { on_committed(changes); });
}

Bus::~Bus() {
    stop();
}

Result<void> Bus::start() {
    EK_CHECK(listener_->start());
    close_silent();
    return {};
}

void Bus::stop() {
    silence_timer_.cancel();
    offline_.stop();
    listener_->stop();
    for (const auto& [connection, agent] : connections_) agent->end();
    connections_.clear();
    by_host_.clear();
    duplicates_.clear();
    arriving_.clear();
    peers_.clear();
}

std::uint16_t Bus::port() const {
    return listener_->port();
}

void Bus::on_connected(const link::Peer& peer) {
    // Retired after it was admitted and before this was told here.
    if (parts_.allow_list.find(peer.fingerprint) != peer.host) {
        listener_->close(peer.connection, kRetired.condition, kRetired.text);
        return;
    }
    const auto silent = arriving_.find(peer.host);
    if (silent != arriving_.end()) {
        close(silent->second, "the host has connected anew");
    }
    arriving_[peer.host] = peer.connection;
    connections_[peer.connection] =
        std::make_shared<AgentConnection>(shared_, peer.connection, peer.host);
    peers_[peer.connection] = {
        .address = peer.address, .fingerprint = peer.fingerprint, .instance = ""};
}

// An agent that reconnects has abandoned its old link, which may be half open: the new one is valid
// at once. Another process may be the same machine after a restart or a clone: see DuplicateLinks.
void Bus::admit(std::uint64_t connection, const wire::AgentHello& hello,
                std::function<void()> then) {
    const auto found = connections_.find(connection);
    if (found == connections_.end()) return;
    const std::string host = found->second->host();
    peers_[connection].instance = hello.instance;
    forget_arrival(host, connection);
    const auto older = by_host_.find(host);
    if (older != by_host_.end() && older->second != connection) {
        const std::uint64_t before = older->second;
        if (peers_[before].instance != hello.instance) {
            return add_duplicate(host, {.connection = connection,
                                        .hello = hello,
                                        .admit = std::move(then),
                                        .since_ms = now_monotonic_ms()});
        }
        // The host itself has reconnected: a duplicate continues to wait.
        auto duplicate = duplicates_.take(host);
        close(before, "the host has connected anew");
        if (duplicate) duplicates_.add(host, *std::move(duplicate));
    }
    by_host_[host] = connection;
    parts_.presence.set_link(host, true);
    parts_.presence.record_message(host, hosts::Arrival::now());
    then();
}

void Bus::add_duplicate(const std::string& host, Duplicate duplicate) {
    const auto replaced = duplicates_.add(host, std::move(duplicate));
    if (replaced) close(*replaced, "another link has come");
}

void Bus::on_link_message(const AgentConnection& agent) {
    if (duplicates_.empty()) return;
    const std::string& host = agent.host();
    const auto current = by_host_.find(host);
    if (current == by_host_.end() || current->second != agent.connection()) return;
    if (!duplicates_.on_link_message(host, now_monotonic_ms())) return;
    quarantine(host, *duplicates_.take(host));
}

void Bus::quarantine(const std::string& host, const Duplicate& clone) {
    const std::string address = peers_[clone.connection].address;
    log::warning("a second machine has come with the certificate of a host: it is held",
                 {{"host", host},
                  {"address", address},
                  {"machine_id", printable(clone.hello.machine_id.substr(0, 64))}});
    parts_.state.submit(
        [host, hello = clone.hello, address](state::Edit& edit) {
            return hosts::quarantine(edit, host, hello, address, now_unix_ms());
        },
        [](const Result<void>& done) {
            if (!done) log::error("a clone was not recorded", {{"error", done.error().what}});
        },
        store::Importance::urgent);
    listener_->close(clone.connection, wire::kQuarantinedCondition, hosts::kQuarantineText);
    remove(clone.connection);
}

void Bus::close(std::uint64_t connection, const std::string& why) {
    listener_->close(connection, "amqp:connection:forced", why);
    remove(connection);
}

void Bus::forget_arrival(const std::string& host, std::uint64_t connection) {
    const auto arrived = arriving_.find(host);
    if (arrived != arriving_.end() && arrived->second == connection) arriving_.erase(arrived);
}

void Bus::on_disconnected(std::uint64_t connection) {
    if (connections_.contains(connection)) remove(connection);
}

void Bus::remove(std::uint64_t connection) {
    auto node = connections_.extract(connection);
    if (node.empty()) return;
    const std::shared_ptr<AgentConnection> agent = node.mapped();
    const std::string host = agent->host();
    agent->end();
    peers_.erase(connection);
    forget_arrival(host, connection);
    duplicates_.remove(host, connection);
    const auto current = by_host_.find(host);
    if (current == by_host_.end() || current->second != connection) return;
    by_host_.erase(current);
    parts_.presence.set_link(host, false);
    requests_.fail_all(connection, {Errc::unavailable, "the host has gone offline"});
    if (agent->hellos_done()) {
        log::info("a host is offline", {{"host", host}});
        offline_.add(host);
    }
    if (auto next = duplicates_.take(host)) {
        admit(next->connection, next->hello, std::move(next->admit));
    }
}

void Bus::on_heartbeats(const std::unordered_set<std::uint64_t>& connections) {
    const hosts::Arrival now = hosts::Arrival::now();
    traffic_.received += connections.size();
    for (const std::uint64_t connection : connections) {
        const auto found = connections_.find(connection);
        if (found == connections_.end()) continue;
        found->second->heard(now);
        on_link_message(*found->second);
    }
}

void Bus::close_silent() {
    const std::int64_t now = now_monotonic_ms();
    std::vector<std::uint64_t> silent;
    for (const auto& [connection, agent] : connections_) {
        // A duplicate waits for our hello and sends nothing before it.
        if (duplicates_.waits(agent->host(), connection)) continue;
        if (now - agent->last_message().monotonic_ms > parts_.presence.silence_max().count()) {
            silent.push_back(connection);
        }
    }
    for (const std::uint64_t connection : silent) close(connection, "three heartbeats were missed");
    silence_timer_ = parts_.loop.after(parts_.heartbeat, [this] { close_silent(); });
}

void Bus::on_committed(const state::Changes& changes) {
    for (const state::Changes::Certificate& one : changes.certificates) {
        if (!one.host) cut_retired(one.fingerprint);
    }
    for (const std::string& host : changes.queues) {
        if (AgentConnection* agent = find(host)) agent->pump();
    }
}

// Closes the links with this certificate at once, whichever process has retired it. O(links)
void Bus::cut_retired(const std::string& fingerprint) {
    std::vector<std::uint64_t> cut;
    for (const auto& [connection, peer] : peers_) {
        if (peer.fingerprint == fingerprint) cut.push_back(connection);
    }
    for (const std::uint64_t connection : cut) {
        listener_->close(connection, kRetired.condition, kRetired.text);
        remove(connection);
    }
}

AgentConnection* Bus::find(const std::string& host) const {
    const auto connection = by_host_.find(host);
    return connection == by_host_.end() ? nullptr : connections_.at(connection->second).get();
}

bool Bus::is_online(const std::string& host) const {
    const AgentConnection* agent = find(host);
    return agent && agent->hellos_done();
}

void Bus::request(const std::string& host, const wire::Request& request,
                  PendingRequests::Callback callback) {
    if (AgentConnection* agent = find(host)) {
        agent->request(request, std::move(callback));
        return;
    }
    parts_.loop.post([callback = std::move(callback)] {
        callback(fail(Errc::unavailable, "the host is not connected"));
    });
}

bool Bus::handed_over(const std::string& host, const std::string& command) const {
    const AgentConnection* agent = find(host);
    return agent && agent->handed_over(command);
}

void Bus::send_cancel(const std::string& host, const std::string& command) {
    if (AgentConnection* agent = find(host)) agent->send_cancel(command);
}

}  // namespace evenkeel::bus
