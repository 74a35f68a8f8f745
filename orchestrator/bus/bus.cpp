#include "orchestrator/bus/bus.hpp"

#include <utility>
#include <vector>

#include "core/base/log.hpp"
#include "core/base/time.hpp"
#include "core/link/listener.hpp"
#include "orchestrator/hosts/changes.hpp"

namespace evenkeel::bus {
namespace {

bool may_attach(const link::Peer& peer, const std::string& address, link::Direction direction) {
    if (direction == link::Direction::outgoing) return address == wire::agent_address(peer.host);
    return address == wire::kEventsAddress || address == wire::kRepliesAddress;
}

}  // namespace

Bus::Bus(const Parts& parts, const Endpoint& endpoint, ShowLive show_live)
    : parts_(parts),
      requests_(parts.loop),
      shared_{
          .loop = parts.loop,
          .state = parts.state,
          .vault = parts.vault,
          .schemas = parts.schemas,
          .presence = parts.presence,
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
          .show_live = std::move(show_live)} {
    link::Listener::Options options;
    options.host = endpoint.host;
    options.port = endpoint.port;
    options.certificate_file = endpoint.certificate_file;
    options.key_file = endpoint.key_file;
    options.client_ca_file = endpoint.authority_file;
    options.idle_timeout = 3 * parts.heartbeat;
    link::Listener::Policy policy;
    policy.admit = [&allow_list = parts.allow_list](const link::Peer& peer) {
        return allow_list.find(peer.fingerprint);
    };
    policy.may_attach = may_attach;
    link::Listener::Events events;
    events.on_connected = [this](const link::Peer& peer) { on_connected(peer); };
    events.on_disconnected = [this](std::uint64_t connection, const std::string& reason) {
        log::debug("a link has ended", {{"reason", reason}});
        on_disconnected(connection);
    };
    events.on_message = [this](std::uint64_t connection, const std::string&, link::Message message,
                               link::Delivery delivery) {
        ++traffic_.received;
        const auto found = conversations_.find(connection);
        if (found == conversations_.end()) return;
        const std::shared_ptr<Conversation> keep = found->second;
        keep->receive(message, std::move(delivery));
    };
    events.on_settled = [this](std::uint64_t connection, const std::string&, std::uint64_t token,
                               link::Disposition disposition) {
        const auto found = conversations_.find(connection);
        if (found != conversations_.end()) found->second->settled(token, disposition);
    };
    listener_ = std::make_unique<link::Listener>(
        std::move(options), std::move(policy), std::move(events),
        [&loop = parts.loop](std::function<void()> f) { loop.post(std::move(f)); });
    parts_.state.listen([this](const state::Effects& effects) { on_committed(effects); });
}

Bus::~Bus() {
    stop();
}

Result<void> Bus::start() {
    EK_CHECK(listener_->start());
    on_heartbeat();
    return {};
}

void Bus::stop() {
    heartbeat_.cancel();
    listener_->stop();
    for (const auto& [connection, conversation] : conversations_) conversation->end();
    conversations_.clear();
    by_host_.clear();
}

std::uint16_t Bus::port() const {
    return listener_->port();
}

void Bus::on_connected(const link::Peer& peer) {
    // The newer link counts: the older one is of an agent that was killed, or half open.
    const auto older = by_host_.find(peer.host);
    if (older != by_host_.end()) {
        const std::uint64_t connection = older->second;
        listener_->close(connection, "amqp:connection:forced", "the host has connected anew");
        drop(connection);
    }
    conversations_[peer.connection] =
        std::make_shared<Conversation>(shared_, peer.connection, peer.host);
    by_host_[peer.host] = peer.connection;
    parts_.presence.set_link(peer.host, true);
    parts_.presence.heard(peer.host, now_unix_ms());
}

void Bus::on_disconnected(std::uint64_t connection) {
    if (conversations_.contains(connection)) drop(connection);
}

void Bus::drop(std::uint64_t connection) {
    auto node = conversations_.extract(connection);
    if (node.empty()) return;
    const std::shared_ptr<Conversation> conversation = node.mapped();
    const std::string host = conversation->host();
    conversation->end();
    by_host_.erase(host);
    parts_.presence.set_link(host, false);
    requests_.fail_all(connection, {Errc::unavailable, "the host has gone offline"});
    if (!conversation->greeted()) return;
    log::info("a host is offline", {{"host", host}});
    parts_.state.submit([host, heard = to_rfc3339(parts_.presence.heard_ms(host))](
                            state::Edit& edit) { return hosts::part(edit, host, heard); },
                        [](const Result<void>& done) {
                            if (!done)
                                log::error("a host's record stays", {{"error", done.error().what}});
                        });
}

void Bus::on_heartbeat() {
    const std::int64_t now = now_unix_ms();
    std::vector<std::uint64_t> silent;
    for (const auto& [connection, conversation] : conversations_) {
        conversation->send_heartbeat();
        const std::int64_t heard = parts_.presence.heard_ms(conversation->host());
        if (now - heard > parts_.presence.silence_max().count()) silent.push_back(connection);
    }
    for (const std::uint64_t connection : silent) {
        listener_->close(connection, "amqp:connection:forced", "three heartbeats were missed");
        drop(connection);
    }
    heartbeat_ = parts_.loop.after(parts_.heartbeat, [this] { on_heartbeat(); });
}

void Bus::on_committed(const state::Effects& effects) {
    for (const std::string& host : effects.queues) {
        if (Conversation* conversation = find(host)) conversation->pump();
    }
}

Conversation* Bus::find(const std::string& host) const {
    const auto connection = by_host_.find(host);
    return connection == by_host_.end() ? nullptr : conversations_.at(connection->second).get();
}

bool Bus::is_online(const std::string& host) const {
    const Conversation* conversation = find(host);
    return conversation && conversation->greeted();
}

void Bus::ask(const std::string& host, const wire::Request& request, Requests::Callback callback) {
    if (Conversation* conversation = find(host)) {
        conversation->ask(request, std::move(callback));
        return;
    }
    parts_.loop.post([callback = std::move(callback)] {
        callback(fail(Errc::unavailable, "the host is not connected"));
    });
}

bool Bus::handed_over(const std::string& host, const std::string& command) const {
    const Conversation* conversation = find(host);
    return conversation && conversation->handed_over(command);
}

void Bus::send_cancel(const std::string& host, const std::string& command) {
    if (Conversation* conversation = find(host)) conversation->send_cancel(command);
}

void Bus::cut(const std::string& host, const std::string& why) {
    const auto found = by_host_.find(host);
    if (found == by_host_.end()) return;
    const std::uint64_t connection = found->second;
    listener_->close(connection, "amqp:unauthorized-access", why);
    drop(connection);
}

}  // namespace evenkeel::bus
