#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include <proton/connection_options.hpp>
#include <proton/listen_handler.hpp>

#include "core/base/result.hpp"
#include "core/link/connection_slots.hpp"
#include "core/link/event_gate.hpp"
#include "core/link/handshake_limit.hpp"
#include "core/link/inbound.hpp"
#include "core/link/listener.hpp"

namespace evenkeel::link {

// Proton's side of a listener: one open port and all its connections, for the life of one
// container. Made, run and destroyed on Proton's thread; only refuse_new(), send(), close()
// and await_request() are [any].
class Acceptor final : public proton::listen_handler, public InboundOwner {
  public:
    // `listening` gets the port, or the error when it cannot be opened.
    Acceptor(const Listener::Options& options, const Listener::Policy& policy,
             EventGate<Listener::Events> out, std::function<void(Result<std::uint16_t>)> listening);

    void listen(proton::container& container, const proton::connection_options& server,
                std::uint16_t port);
    // From now on new connections are cut. A container that is stopped ends the connections that it
    // has and then waits for those that it accepted meanwhile, so these must not stay. [any]
    void refuse_new() { refuses_new_ = true; }
    // The container has ended: ends what is left.
    void ended();

    Result<void> send(std::uint64_t connection, const std::string& address, std::uint64_t token,
                      Message message);
    void close(std::uint64_t connection, const std::string& condition, const std::string& text);
    void await_request(std::uint64_t connection);

  private:
    void on_open(proton::listener& listener) override;
    proton::connection_options on_accept(proton::listener&) override;
    void on_error(proton::listener&, const std::string& text) override;
    void on_close(proton::listener&) override { gate_.unguard(); }

    void inbound_accepted(Inbound& inbound) override;
    bool inbound_may_enter(Inbound& inbound) override;
    void inbound_admitted(Inbound& inbound) override;
    void inbound_attached(const Inbound& inbound, const std::string& address,
                          Direction direction) override;
    void inbound_detached(const Inbound& inbound, const std::string& address,
                          Direction direction) override;
    void inbound_closing(Inbound& inbound) override;
    void inbound_closed(Inbound& inbound) override;

    Traffic::Sink sink_for(std::uint64_t connection);
    void heard(std::uint64_t connection);
    // Whether each of its requests holds a slot, and not the connection.
    bool serves_requests() const { return options_.request_timeout.count() > 0; }
    // False: there is no slot for a request, and its connection ends.
    bool begin_request(std::uint64_t connection);
    void cut(std::uint64_t connection, const std::string& reason);
    // Cuts the connection, if any, that has to make room.
    void evict(std::optional<std::uint64_t> connection);
    void handshake_ended(std::uint64_t connection);
    // Accepts as long as not too many handshakes are under way.
    void adjust_gate();
    // Cuts connections when their deadlines are over, and opens the gate.
    void watch_deadlines();
    void sweep();
    std::shared_ptr<Inbound> admitted(std::uint64_t connection);

    const Listener::Options& options_;
    const Listener::Policy& policy_;
    const EventGate<Listener::Events> out_;
    const std::function<void(Result<std::uint16_t>)> listening_;

    proton::container* container_ = nullptr;
    std::unordered_map<std::uint64_t, std::shared_ptr<Inbound>> inbounds_;
    ConnectionSlots slots_;
    HandshakeLimit handshakes_;
    proton_overrides::AcceptGate gate_;
    Inbound::Clock::time_point next_warning_;  // of an eviction
    std::shared_ptr<Inbound> retired_;         // kept until its last callback has returned
    bool sweeping_ = false;
    std::unordered_set<std::uint64_t> heard_;  // heartbeats that were not reported yet
    std::atomic<bool> refuses_new_{false};

    std::mutex mutex_;
    std::unordered_map<std::uint64_t, std::shared_ptr<Inbound>> admitted_;
};

}  // namespace evenkeel::link
