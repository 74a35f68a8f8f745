#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>

#include "core/base/result.hpp"
#include "core/link/message.hpp"

namespace evenkeel::link {

// The peer of an admitted connection.
struct Peer {
    std::uint64_t connection = 0;  // ours, never used twice in one process
    std::string host;              // what `admit` returned for it
    std::string fingerprint;       // SHA-256 of the client certificate, lower-case hex, or empty
    std::string address;           // source IP address
    std::string container_id;      // as claimed
};

// Why a connection ends: an AMQP error condition, and a sentence for people.
struct Refusal {
    std::string condition;
    std::string text;
};

enum class Direction {
    incoming,  // the peer sends to us
    outgoing,  // the peer receives from us
};

// The orchestrator's side of the bus: accepts TLS connections, admits the peers that `admit` knows,
// and carries messages over the links that `may_attach` allows. A peer that is not admitted causes
// no event. Owns one thread while started.
class Listener {
  public:
    struct Options {
        std::string host;              // address or name to listen on; empty = all
        std::uint16_t port = 0;        // 0 = any free one, see port()
        std::string certificate_file;  // PEM chain; must carry the DNS name kServerName
        std::string key_file;          // PEM
        // PEM. Set: a client certificate under one of these CAs is required, SASL EXTERNAL.
        // Empty: server TLS only, SASL ANONYMOUS (enrolment).
        std::string client_ca_file;
        // Admitted peers; with a `request_timeout`, peers with a request in progress. One more is
        // refused with "amqp:resource-limit-exceeded".
        std::size_t connections_max = 24'000;
        // All other connections share what of `connections_max` is free, and these if that is
        // less: so at most connections_max + waiting_min are open. When there are too many, the
        // oldest of the source address (IPv6: /64) that has most of them is cut.
        std::size_t waiting_min = 1'000;
        // Of all connections of one source; beyond, its oldest that is not in use is cut, or the
        // new one.
        std::size_t connections_per_source_max = 24'000;
        std::size_t message_bytes_max = 768 * 1024;  // body, both directions
        std::uint32_t links_max = 8;                 // per connection
        std::uint32_t credit = 32;        // messages received and not yet settled, per link
        std::size_t unsettled_max = 256;  // sends without an answer, per connection
        std::size_t unsettled_bytes_max = 16 * 1024 * 1024;
        std::chrono::milliseconds idle_timeout{20'000};
        std::chrono::milliseconds handshake_timeout{10'000};  // from accept to admission
        // From admission, and from await_request(), to the next message. 0: no limit.
        std::chrono::milliseconds request_timeout{0};
        // Handshakes under way at most, so that those who are connected are served between them
        // (about 15 more: Proton accepts several at once); beyond, connections wait in the kernel's
        // queue, and their time has not begun. One that takes longer than the patience does not
        // count, so that silent strangers cannot fill these places.
        std::size_t handshakes_max = 100;
        std::chrono::milliseconds handshake_patience{500};
        int backlog = 4096;
    };

    // Decided at once, on Proton's thread: must be quick, must not throw and must not call back
    // into the Listener. [proton]
    struct Policy {
        // The identity of a peer (its host id; any text for an enrolment peer), or nothing to
        // refuse it. `peer.host` is empty yet. Empty function: every peer is refused.
        std::function<std::optional<std::string>(const Peer&)> admit;
        // What a peer that is refused is told. Empty function, or no answer: that its certificate
        // is not known.
        std::function<std::optional<Refusal>(const Peer&)> explain = {};
        // Whether a message only says that its sender is alive: then it is accepted at once and not
        // passed on, see Events::on_heartbeats. Empty function: no.
        std::function<bool(const Message&)> is_heartbeat = {};
        // Whether this peer may attach a link to `address`. A dynamic reply address asks with an
        // empty `address` and Direction::outgoing. Empty function: no.
        std::function<bool(const Peer&, const std::string& address, Direction)> may_attach;
    };

    // Called through the executor, in the order in which things happened. All may be empty.
    struct Events {
        std::function<void(const Peer&)> on_connected;
        // Every send without an answer was reported before. `reason` is one line for people.
        std::function<void(std::uint64_t connection, const std::string& reason)> on_disconnected;
        // A dynamic reply address is reported as "reply-N", unique within the process.
        std::function<void(std::uint64_t connection, const std::string& address, Direction)>
            on_attached;
        std::function<void(std::uint64_t connection, const std::string& address, Direction)>
            on_detached;
        std::function<void(std::uint64_t connection, const std::string& address, Message, Delivery)>
            on_message;
        // Heartbeats have come over these connections, each named once; up to 100 ms late, so that
        // thousands of them cost one call.
        std::function<void(const std::unordered_set<std::uint64_t>& connections)> on_heartbeats;
        // The answer to one send(), exactly one each, not always in the order sent: the peer's, or
        // `release` when link or connection ended first (the peer may have it or not).
        std::function<void(std::uint64_t connection, const std::string& address,
                           std::uint64_t token, Disposition)>
            on_settled;
    };

    Listener(Options options, Policy policy, Events events, Executor executor);
    ~Listener();  // stop()
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    // Returns once the port is open. `invalid` when certificates cannot be read, `unavailable` when
    // the port cannot be opened, `conflict` when started. [loop]
    Result<void> start();

    // Cuts all connections and joins the thread. When called on the executor's thread, no event is
    // delivered after it returns, not even those already given to the executor. [loop]
    void stop();

    // The port listened on, 0 before start(). [any]
    std::uint16_t port() const;

    // Hands one message to a link of direction `outgoing`. `not_found` when there is no such
    // connection or link (any more), `busy` when too much is without an answer, `limit` when the
    // body is too large: then no on_settled follows. [any]
    Result<void> send(std::uint64_t connection, const std::string& address, std::uint64_t token,
                      Message message);

    // Ends one connection and sends the peer the reason: `condition` is an AMQP error symbol such
    // as "amqp:unauthorized-access". Without effect when it is gone. [any]
    void close(std::uint64_t connection, const std::string& condition, const std::string& text);

    // With a `request_timeout`: one message of this connection was dealt with. To be called once
    // for each, because a connection with messages in progress has no deadline. Without effect when
    // it is gone. [any]
    void await_request(std::uint64_t connection);

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace evenkeel::link
