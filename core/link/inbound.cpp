#include "core/link/inbound.hpp"

#include <atomic>
#include <utility>

#include <netdb.h>
#include <proton/connection.h>
#include <proton/error_condition.hpp>
#include <proton/link.h>
#include <proton/netaddr.h>
#include <proton/receiver_options.hpp>
#include <proton/sasl.hpp>
#include <proton/sender_options.hpp>
#include <proton/session.h>
#include <proton/session.hpp>
#include <proton/source_options.hpp>
#include <proton/ssl.h>
#include <proton/transport.h>
#include <proton/transport.hpp>

#include "core/link/address.hpp"

namespace evenkeel::link {
namespace {

// A peer needs one; each further session costs another buffer.
constexpr std::uint32_t kSessionsMax = 2;
constexpr const char* kRefused = "amqp:unauthorized-access";

std::string next_reply_address() {
    static std::atomic<std::uint64_t> last{0};
    return "reply-" + std::to_string(++last);
}

// The peer's IP address, empty when unknown.
std::string source_address(pn_transport_t* transport) {
    const pn_netaddr_t* peer = transport == nullptr ? nullptr : pn_transport_remote_addr(transport);
    char host[NI_MAXHOST] = "";
    if (peer == nullptr || pn_netaddr_host_port(peer, host, sizeof host, nullptr, 0) != 0)
        return {};
    std::string address = host;
    // An IPv4 peer of a dual-stack socket.
    if (address.starts_with("::ffff:")) address.erase(0, 7);
    return address;
}

// SHA-256 of the client's certificate in lower-case hex, empty when it sent none.
std::string fingerprint_of(pn_ssl_t* tls) {
    char hex[65] = "";
    if (pn_ssl_get_cert_fingerprint(tls, hex, sizeof hex, PN_SSL_SHA256) != 0) return {};
    return hex;
}

}  // namespace

Inbound::Inbound(InboundOwner& owner, const Listener::Options& options,
                 const Listener::Policy& policy, std::uint64_t id, Traffic::Sink sink)
    : owner_(owner),
      options_(options),
      policy_(policy),
      traffic_(std::make_shared<Traffic>(
          Traffic::Limits{options.message_bytes_max, options.credit, options.unsettled_max,
                          options.unsettled_bytes_max},
          std::move(sink))) {
    peer_.connection = id;
}

void Inbound::on_accepting(pn_connection_t* connection) {
    unopened_ = connection;
    traffic_->mailbox().open(connection);
}

void Inbound::on_accepted() {
    traffic_->mailbox().post([this] { arrived(); });
}

// Proton knows the address only once it has bound the connection to its transport, which is so when
// the connection is woken for the first time.
void Inbound::arrived() {
    if (std::exchange(arrived_, true)) return;
    peer_.address = source_address(pn_connection_transport(unopened_));
    owner_.inbound_accepted(*this);
}

void Inbound::connection_opened(proton::connection& connection) {
    arrived();
    if (cut_) return;
    connection_ = connection;
    peer_.container_id = connection.container_id();
    connection.open();
    if (!identify(connection)) return;
    std::optional<std::string> host;
    if (policy_.admit) host = policy_.admit(peer_);
    if (!host) return refuse_unknown();
    if (!owner_.inbound_may_enter(*this)) {
        return refuse("amqp:resource-limit-exceeded",
                      std::to_string(options_.connections_max) +
                          " peers are connected, as many as may be: try again later");
    }
    peer_.host = std::move(*host);
    admitted_ = true;
    owner_.inbound_admitted(*this);
}

void Inbound::refuse_unknown() {
    std::optional<Refusal> why;
    if (policy_.explain) why = policy_.explain(peer_);
    if (!why) why = Refusal{kRefused, "this certificate is not known here"};
    refuse(why->condition, why->text);
}

bool Inbound::identify(const proton::connection& connection) {
    const proton::transport transport = connection.transport();
    const bool mutual = !options_.client_ca_file.empty();
    pn_ssl_t* tls = pn_ssl(raw(transport));
    if (tls == nullptr || pn_ssl_get_ssf(tls) <= 0) {
        refuse(kRefused, "TLS is compulsory");
        return false;
    }
    // Proton accepts a peer that skips the SASL layer, whatever mechanisms we allow.
    const std::string mechanism = transport.sasl().mech();
    const std::string wanted = mutual ? "EXTERNAL" : "ANONYMOUS";
    if (mechanism != wanted) {
        refuse(kRefused, "SASL " + wanted + " is compulsory");
        return false;
    }
    if (!mutual) return true;
    peer_.fingerprint = fingerprint_of(tls);
    if (peer_.fingerprint.empty()) refuse(kRefused, "a client certificate is compulsory");
    return !peer_.fingerprint.empty();
}

void Inbound::refuse(const std::string& condition, const std::string& text) {
    if (refused_ || closed_) return;
    refused_ = true;
    if (reason_.empty()) reason_ = condition + ": " + text;
    if (!!connection_ && connection_.active()) connection_.close({condition, text});
    owner_.inbound_closing(*this);
}

void Inbound::cut(const std::string& reason) {
    cut_ = true;
    if (reason_.empty()) reason_ = reason;
    // In its own wake-up, because Proton's loop does not notice what a callback of another
    // connection has changed.
    traffic_->mailbox().post([traffic = traffic_, connection = unopened_] {
        pn_transport_t* transport = pn_connection_transport(connection);
        if (transport == nullptr) return;
        pn_transport_close_tail(transport);
        pn_transport_close_head(transport);
    });
}

void Inbound::session_offered(proton::session& session) {
    if (!admitted_ || refused_) return;
    if (++sessions_ > kSessionsMax) {
        return refuse("amqp:resource-limit-exceeded", "too many sessions");
    }
    pn_session_set_incoming_capacity(raw(session), kSessionBytes);
    session.open();
}

void Inbound::session_closed(proton::session&) {
    if (sessions_ > 0) --sessions_;
}

bool Inbound::may_attach(const std::string& address, Direction direction) {
    if (!admitted_ || refused_) return false;
    if (++links_ > options_.links_max) {
        refuse("amqp:resource-limit-exceeded", "too many links");
        return false;
    }
    if (policy_.may_attach && policy_.may_attach(peer_, address, direction)) return true;
    refuse(kRefused, "no access to the address '" + address + "'");
    return false;
}

void Inbound::attached(const std::string& address, Direction direction, bool fresh) {
    if (!fresh) return refuse("amqp:not-allowed", "a second link to '" + address + "'");
    owner_.inbound_attached(*this, address, direction);
}

void Inbound::receiver_opened(proton::receiver& receiver) {
    const std::string address = target_of(receiver);
    if (!may_attach(address, Direction::incoming)) return;
    traffic_->limit(receiver);
    receiver.open(proton::receiver_options().auto_accept(false).credit_window(0));
    attached(address, Direction::incoming, traffic_->attach(address, receiver));
}

void Inbound::sender_opened(proton::sender& sender) {
    const bool dynamic = sender.source().dynamic();
    std::string address = dynamic ? "" : source_of(sender);
    if (!may_attach(address, Direction::outgoing)) return;
    if (dynamic) {
        address = next_reply_address();
        sender.open(proton::sender_options().source(proton::source_options().address(address)));
    } else {
        sender.open();
    }
    attached(address, Direction::outgoing, traffic_->attach(address, sender));
}

void Inbound::receiver_closed(proton::receiver& receiver) {
    if (links_ > 0) --links_;
    const std::string address = target_of(receiver);
    if (traffic_->detach(address, receiver)) {
        owner_.inbound_detached(*this, address, Direction::incoming);
    }
}

void Inbound::sender_closed(proton::sender& sender) {
    if (links_ > 0) --links_;
    const std::string address = source_of(sender);
    if (traffic_->detach(address, sender)) {
        owner_.inbound_detached(*this, address, Direction::outgoing);
    }
}

bool Inbound::message_received(proton::delivery& delivery, proton::message& message) {
    // Proton also delivers messages that a refused peer sent before the refusal.
    if (!admitted_ || refused_) return true;
    return traffic_->received(target_of(delivery.receiver()), delivery, message);
}

void Inbound::tracker_answered(proton::tracker& tracker, Disposition disposition) {
    traffic_->answered(tracker, disposition);
}

void Inbound::woken() {
    traffic_->mailbox().drain();
    // Closed by proton_overrides.cpp, for a message that is too large.
    if (!closed_ && (pn_connection_state(unopened_) & PN_LOCAL_CLOSED) != 0) {
        refuse("amqp:link:message-size-exceeded", "a message is too large");
    }
}

void Inbound::cut_off(const std::string& condition, const std::string& text) {
    refuse(condition, text);
}

void Inbound::failed(const proton::error_condition& condition) {
    if (reason_.empty()) reason_ = condition.what();
}

// When the container ends, Proton frees a connection that was never woken without calling us: it
// may be touched here only if it has arrived.
void Inbound::transport_closed() {
    if (closed_) return;
    closed_ = true;
    if (reason_.empty()) reason_ = "closed by the peer";
    traffic_->close();
    connection_ = proton::connection();
    owner_.inbound_closed(*this);
}

}  // namespace evenkeel::link
