#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "core/run/backoff.hpp"
#include "core/wire/message.hpp"
#include "identity.hpp"
#include "link.hpp"
#include "poller.hpp"

namespace evenkeel::herd {

// What the agents share: how to dial, and what they have counted together.
struct Herd {
    Poller& poller;
    SSL_CTX* tls;
    sockaddr_in orchestrator;
    std::string schema;  // of the collection `files`, as JSON text
    std::string schema_sha256;
    std::function<double()> random;

    struct Counts {
        std::uint64_t refused = 0;     // tries that no listener took
        std::uint64_t before_tls = 0;  // ended without a byte of TLS from the orchestrator
        std::uint64_t in_tls = 0;      // ended inside the handshake
        std::uint64_t after_tls = 0;   // ended before the hello was answered
        std::uint64_t lost = 0;        // links that were up
        std::uint64_t hellos = 0;
        std::uint64_t commands = 0;
        std::uint64_t outcomes_accepted = 0;
        std::uint64_t drifts_accepted = 0;
        std::uint64_t rejected = 0;
        std::uint64_t released = 0;
        std::size_t online = 0;
    } counts;
};

// An agent without a machine: it does what docs/bus-protocol.md asks for, keeps its descriptions,
// events and marks in memory only, and carries out each command at once and with success. It dials
// again by the rules of the real agent (link::Dialer).
class Agent final : public Member, public Link::Owner {
  public:
    Agent(Herd& herd, const Identity& identity, std::size_t number, Key key,
          Certificate certificate);

    // Dials after this time.
    void start(std::chrono::nanoseconds wait);
    // Reports that its next resource has drifted; once all have, that they are restored, one after
    // the other, and so on. False when it has none.
    bool drift();

    bool is_online() const { return online_; }
    // Since the last mark(): tries that a listener took, and when it was last online (0: never).
    std::uint32_t tries() const { return tries_; }
    std::uint64_t online_ns() const { return online_ns_; }
    void mark();

  private:
    struct Event {
        std::string body;
        bool is_outcome;
    };

    void on_ready() override;
    void on_due(std::uint64_t now_ns) override;
    void on_attached() override;
    void on_message(const Message& message) override;
    void on_settled(std::uint64_t token, Link::Answer answer) override;

    void dial(std::uint64_t now_ns);
    void check_link();
    void on_ended();
    void count_ending() const;
    void set_timer();

    void on_hello(const wire::OrchestratorHello& hello);
    void on_command(const wire::Command& command);
    void on_request(const wire::Request& request, const Message& message);
    json::Value inventory_page(const json::Value& arguments) const;
    void add_event(wire::EventKind kind, json::Value data);
    void pump();
    void beat(std::uint64_t now_ns);
    void send(std::size_t target, std::string body, const std::string& correlation_id = {});

    Herd& herd_;
    const std::size_t number_;
    const std::string host_;
    const std::string name_;
    const Key key_;
    const Certificate certificate_;
    const std::string stream_;
    const std::string instance_;
    run::Backoff backoff_;
    std::unique_ptr<Link> link_;

    // Times by the monotonic clock; 0: none.
    std::uint64_t dial_ns_ = 0, deadline_ns_ = 0, beat_ns_ = 0, retry_ns_ = 0;
    std::uint64_t up_ns_ = 0, heard_ns_ = 0, heartbeat_ns_ = 10'000'000'000;
    bool online_ = false;
    std::uint32_t tries_ = 0;
    std::uint64_t online_ns_ = 0;

    std::map<wire::Ref, wire::Generation> held_;
    wire::Ref drifted_last_;
    bool drifted_ = false;
    wire::StreamPosition commands_;
    std::uint64_t last_seq_ = 0, sent_seq_ = 0, other_tokens_ = 0;
    std::size_t in_flight_ = 0;
    std::map<std::uint64_t, Event> outbox_;
};

}  // namespace evenkeel::herd
