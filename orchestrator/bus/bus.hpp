#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_set>

#include "core/base/result.hpp"
#include "orchestrator/bus/agent_connection.hpp"
#include "orchestrator/bus/duplicate_links.hpp"
#include "orchestrator/bus/offline_records.hpp"
#include "orchestrator/hosts/allow_list.hpp"
#include "orchestrator/state/event.hpp"

namespace evenkeel::link {
class Listener;
struct Peer;
}  // namespace evenkeel::link

namespace evenkeel::bus {

// Where to listen, and the files of our certificate and key.
struct Endpoint {
    std::string host;  // empty = every address
    std::uint16_t port = 0;
    std::string certificate_file;
    std::string key_file;
    std::string authority_file;
};

// The listener for enrolled hosts, and their connections. [loop]
class Bus {
  public:
    struct Parts {
        run::Loop& loop;
        state::State& state;
        const secrets::Protector& protector;
        const state::SchemaCache& schemas;
        hosts::Presence& presence;
        const hosts::AllowList& allow_list;
        std::chrono::milliseconds heartbeat;
    };
    using ShowLive =
        std::function<void(const std::string& host, state::EventType type, std::string_view subject,
                           const std::string& time, const json::Value& data)>;

    Bus(const Parts& parts, const Endpoint& endpoint, ShowLive show_live);
    ~Bus();
    Bus(const Bus&) = delete;
    Bus& operator=(const Bus&) = delete;

    // See link::Listener::start.
    Result<void> start();
    // Closes every connection; the bus calls nothing afterwards.
    void stop();
    std::uint16_t port() const;

    // Messages since the start; heartbeats as far as they are told apart, see link::Listener.
    struct Traffic {
        std::uint64_t received = 0;
        std::uint64_t sent = 0;
    };
    Traffic traffic() const { return traffic_; }

    // Whether the host has a link on which both hellos were exchanged.
    bool is_online(const std::string& host) const;
    // Sends a request to the host; see PendingRequests. `unavailable` when it is not online.
    void request(const std::string& host, const wire::Request& request,
                 PendingRequests::Callback callback);
    // Whether this command was sent to the host, which has not accepted it yet.
    bool handed_over(const std::string& host, const std::string& command) const;
    // Requests that the agent stop a command that it has.
    void send_cancel(const std::string& host, const std::string& command);

  private:
    void on_connected(const link::Peer& peer);
    void on_disconnected(std::uint64_t connection);
    // Calls `then` when this connection becomes the host's link; never if it does not.
    void admit(std::uint64_t connection, const wire::AgentHello& hello, std::function<void()> then);
    void add_duplicate(const std::string& host, Duplicate duplicate);
    void on_link_message(const AgentConnection& agent);
    void quarantine(const std::string& host, const Duplicate& clone);
    void close(std::uint64_t connection, const std::string& why);
    // Removes a closed connection; a waiting duplicate replaces it if it was the host's link.
    void remove(std::uint64_t connection);
    void forget_arrival(const std::string& host, std::uint64_t connection);
    void on_heartbeats(const std::unordered_set<std::uint64_t>& connections);
    void close_silent();
    void on_committed(const state::Changes& changes);
    void cut_retired(const std::string& fingerprint);
    AgentConnection* find(const std::string& host) const;

    Parts parts_;
    Traffic traffic_;
    PendingRequests requests_;
    Shared shared_;
    std::unique_ptr<link::Listener> listener_;
    // Shared with callbacks of the store, see AgentConnection.
    std::map<std::uint64_t, std::shared_ptr<AgentConnection>> connections_;
    std::map<std::string, std::uint64_t> by_host_;  // the connection that is its link
    struct Peer {
        std::string address;
        std::string fingerprint;
        std::string instance;  // from its hello; empty before
    };
    std::map<std::uint64_t, Peer> peers_;  // by connection
    DuplicateLinks duplicates_;
    OfflineRecords offline_;
    // The newest connection without a hello, by host: at most one each.
    std::map<std::string, std::uint64_t> arriving_;
    run::Timer silence_timer_;
};

}  // namespace evenkeel::bus
