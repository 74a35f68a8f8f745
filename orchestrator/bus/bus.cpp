#include "orchestrator/bus/bus.hpp"

#include <utility>
#include <vector>

#include "core/base/log.hpp"
#include "core/base/text.hpp"
#include "core/base/time.hpp"
#include "core/link/listener.hpp"
#include "orchestrator/hosts/changes.hpp"
#include "orchestrator/hosts/discovery.hpp"
#include "orchestrator/state/hosts.hpp"

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
          .protector = parts.protector,
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
          .let_in = [this](std::uint64_t connection, const wire::AgentHello& hello,
                           std::function<void()> go) { let_in(connection, hello, std::move(go)); },
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
        on_heard(*keep);
    };
    events.on_settled = [this](std::uint64_t connection, const std::string&, std::uint64_t token,
                               link::Disposition disposition) {
        const auto found = conversations_.find(connection);
        if (found != conversations_.end()) found->second->settled(token, disposition);
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
    on_heartbeat();
    return {};
}

void Bus::stop() {
    heartbeat_.cancel();
    listener_->stop();
    for (const auto& [connection, conversation] : conversations_) conversation->end();
    conversations_.clear();
    by_host_.clear();
    contenders_.clear();
    arriving_.clear();
    live_.clear();
}

std::uint16_t Bus::port() const {
    return listener_->port();
}

void Bus::on_connected(const link::Peer& peer) {
    const auto silent = arriving_.find(peer.host);
    if (silent != arriving_.end()) {
        const std::uint64_t before = silent->second;
        listener_->close(before, "amqp:connection:forced", "the host has connected anew");
        drop(before);
    }
    arriving_[peer.host] = peer.connection;
    conversations_[peer.connection] =
        std::make_shared<Conversation>(shared_, peer.connection, peer.host);
    live_[peer.connection].address = peer.address;
}

// One agent that comes anew has left its old link behind, half open perhaps: the new one counts at
// once. Another process may be the same machine started anew, or a copy of it. If the one that is
// here is gone that will show within three heartbeats; if it is still heard there are two.
void Bus::let_in(std::uint64_t connection, const wire::AgentHello& hello,
                 std::function<void()> go) {
    const auto found = conversations_.find(connection);
    if (found == conversations_.end()) return;
    const std::string host = found->second->host();
    live_[connection].instance = hello.instance;
    const auto arrived = arriving_.find(host);
    if (arrived != arriving_.end() && arrived->second == connection) arriving_.erase(arrived);
    const auto older = by_host_.find(host);
    if (older != by_host_.end() && older->second != connection) {
        const std::uint64_t before = older->second;
        if (live_[before].instance != hello.instance) {
            contend(host, {connection, now_unix_ms(), false, hello, std::move(go)});
            return;
        }
        // Not the end of the host: who waits for that goes on waiting.
        auto rival = contenders_.extract(host);
        listener_->close(before, "amqp:connection:forced", "the host has connected anew");
        drop(before);
        if (!rival.empty()) contenders_.insert(std::move(rival));
    }
    by_host_[host] = connection;
    parts_.presence.set_link(host, true);
    parts_.presence.heard(host, now_unix_ms());
    go();
}

void Bus::contend(const std::string& host, Contender contender) {
    auto before = contenders_.extract(host);
    if (!before.empty()) {
        const Contender& rival = before.mapped();
        if (rival.hello.instance == contender.hello.instance) {
            contender.since_ms = rival.since_ms;
            contender.heard = rival.heard;
        }
        if (rival.connection != contender.connection) {
            listener_->close(rival.connection, "amqp:connection:forced", "another link has come");
            drop(rival.connection);
        }
    }
    contenders_[host] = std::move(contender);
}

// A message may have been under way when its sender ended, or have waited here for us: what comes
// twice, each time a while later, was sent by somebody who is there.
void Bus::on_heard(const Conversation& conversation) {
    const auto current = by_host_.find(conversation.host());
    if (current == by_host_.end() || current->second != conversation.connection()) return;
    const auto found = contenders_.find(conversation.host());
    if (found == contenders_.end()) return;
    Contender& rival = found->second;
    const std::int64_t now = now_unix_ms();
    if (now - rival.since_ms < parts_.heartbeat.count() / 4) return;
    if (rival.heard) return hold(conversation.host());
    rival.heard = true;
    rival.since_ms = now;
}

void Bus::hold(const std::string& host) {
    const auto node = contenders_.extract(host);
    const Contender& clone = node.mapped();
    const std::string address = live_[clone.connection].address;
    log::warning("a second machine has come with the certificate of a host: it is held",
                 {{"host", host},
                  {"address", address},
                  {"machine_id", printable(clone.hello.machine_id.substr(0, 64))}});
    parts_.state.submit(
        [host, hello = clone.hello, address](state::Edit& edit) {
            return hosts::hold(edit, host, hello, address, now_unix_ms());
        },
        [](const Result<void>& done) {
            if (!done) log::error("a clone is not on record", {{"error", done.error().what}});
        });
    listener_->close(clone.connection, "amqp:unauthorized-access", hosts::kHeld);
    drop(clone.connection);
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
    live_.erase(connection);
    const auto arrived = arriving_.find(host);
    if (arrived != arriving_.end() && arrived->second == connection) arriving_.erase(arrived);
    const auto rival = contenders_.find(host);
    if (rival != contenders_.end() && rival->second.connection == connection) {
        contenders_.erase(rival);
    }
    const auto current = by_host_.find(host);
    if (current == by_host_.end() || current->second != connection) return;
    by_host_.erase(current);
    parts_.presence.set_link(host, false);
    requests_.fail_all(connection, {Errc::unavailable, "the host has gone offline"});
    if (conversation->greeted()) {
        log::info("a host is offline", {{"host", host}});
        parts_.state.submit(
            [host, heard = to_rfc3339(parts_.presence.heard_ms(host))](state::Edit& edit) {
                return hosts::part(edit, host, heard);
            },
            [](const Result<void>& done) {
                if (!done) log::error("a host's record stays", {{"error", done.error().what}});
            });
    }
    if (auto next = contenders_.extract(host); !next.empty()) {
        let_in(next.mapped().connection, next.mapped().hello, std::move(next.mapped().go));
    }
}

void Bus::on_heartbeat() {
    const std::int64_t now = now_unix_ms();
    std::vector<std::uint64_t> silent;
    for (const auto& [connection, conversation] : conversations_) {
        conversation->send_heartbeat();
        const auto rival = contenders_.find(conversation->host());
        // It waits for our hello, and has nothing to say before.
        if (rival != contenders_.end() && rival->second.connection == connection) continue;
        if (now - conversation->heard_ms() > parts_.presence.silence_max().count()) {
            silent.push_back(connection);
        }
    }
    for (const std::uint64_t connection : silent) {
        listener_->close(connection, "amqp:connection:forced", "three heartbeats were missed");
        drop(connection);
    }
    heartbeat_ = parts_.loop.after(parts_.heartbeat, [this] { on_heartbeat(); });
}

void Bus::on_committed(const state::Changes& changes) {
    cut_retired(changes.hosts);
    for (const std::string& host : changes.queues) {
        if (Conversation* conversation = find(host)) conversation->pump();
    }
}

// Whoever has retired a host, its link ends here at once.
void Bus::cut_retired(const std::vector<std::string>& hosts) {
    for (const std::string& id : hosts) {
        if (!by_host_.contains(id)) continue;
        const auto view = parts_.state.read();
        const auto host = view ? view->hosts().find(id) : fail(view.error());
        if (host && *host && (*host)->retired()) cut(id, "the host was retired");
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
