#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include <proton/connection.hpp>

#include "core/link/listener.hpp"
#include "core/link/proton_overrides.hpp"
#include "core/link/safe_handler.hpp"
#include "core/link/traffic.hpp"

namespace evenkeel::link {

class Inbound;

// What an Inbound reports to its listener. [proton]
class InboundOwner {
  public:
    virtual ~InboundOwner() = default;
    virtual void inbound_accepted(Inbound& inbound) = 0;
    // Whether there is room for a peer that is about to be admitted.
    virtual bool inbound_may_enter(Inbound& inbound) = 0;
    virtual void inbound_admitted(Inbound& inbound) = 0;
    virtual void inbound_attached(const Inbound& inbound, const std::string& address,
                                  Direction direction) = 0;
    virtual void inbound_detached(const Inbound& inbound, const std::string& address,
                                  Direction direction) = 0;
    virtual void inbound_closing(Inbound& inbound) = 0;
    virtual void inbound_closed(Inbound& inbound) = 0;
};

// One accepted connection, from the accept to its end. Until it is admitted it opens no session and
// no link, gives no credit and reads no message. [proton]
class Inbound final : public SafeHandler, public proton_overrides::AcceptObserver {
  public:
    using Clock = std::chrono::steady_clock;

    Inbound(InboundOwner& owner, const Listener::Options& options, const Listener::Policy& policy,
            std::uint64_t id, Traffic::Sink sink);

    const Peer& peer() const { return peer_; }
    const std::string& reason() const { return reason_; }
    bool admitted() const { return admitted_; }
    const std::shared_ptr<Traffic>& traffic() const { return traffic_; }

    // Closes with a reason, in any state after the open. [proton]
    void refuse(const std::string& condition, const std::string& text);
    // Drops the socket, in any state and from any connection's callback. [proton]
    void cut(const std::string& reason);
    // The connection has ended. Also called when the container has ended, so it may be called
    // twice.
    void transport_closed() override;

  private:
    void on_accepting(pn_connection_t* connection) override;
    void on_accepted() override;
    void arrived();

    void connection_opened(proton::connection& connection) override;
    void session_offered(proton::session& session) override;
    void session_closed(proton::session& session) override;
    void receiver_opened(proton::receiver& receiver) override;
    void sender_opened(proton::sender& sender) override;
    void receiver_closed(proton::receiver& receiver) override;
    void sender_closed(proton::sender& sender) override;
    bool message_received(proton::delivery& delivery, proton::message& message) override;
    void tracker_answered(proton::tracker& tracker, Disposition disposition) override;
    void woken() override;
    void cut_off(const std::string& condition, const std::string& text) override;
    void failed(const proton::error_condition& condition) override;

    void refuse_unknown();
    bool identify(const proton::connection& connection);
    // Whether one more link to `address` is allowed; refuses the connection when not.
    bool may_attach(const std::string& address, Direction direction);
    void attached(const std::string& address, Direction direction, bool fresh);

    InboundOwner& owner_;
    const Listener::Options& options_;
    const Listener::Policy& policy_;
    const std::shared_ptr<Traffic> traffic_;
    Peer peer_;
    proton::connection connection_;
    pn_connection_t* unopened_ = nullptr;
    std::uint32_t sessions_ = 0;
    std::uint32_t links_ = 0;
    bool arrived_ = false;
    bool admitted_ = false;
    bool refused_ = false;
    bool cut_ = false;
    bool closed_ = false;
    std::string reason_;
};

}  // namespace evenkeel::link
