#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/link/message.hpp"
#include "core/run/loop.hpp"
#include "core/wire/message.hpp"
#include "orchestrator/bus/pending_requests.hpp"
#include "orchestrator/commands/report.hpp"
#include "orchestrator/commands/transitions.hpp"
#include "orchestrator/hosts/presence.hpp"
#include "orchestrator/state/event.hpp"
#include "orchestrator/state/state.hpp"

namespace evenkeel::hosts {
class AllowList;
}

namespace evenkeel::bus {

// What all connections share. All of it outlives them.
struct Shared {
    run::Loop& loop;
    state::State& state;
    const secrets::Protector& protector;
    const state::SchemaCache& schemas;
    hosts::Presence& presence;
    const hosts::AllowList& allow_list;
    PendingRequests& requests;
    std::chrono::milliseconds heartbeat;
    // Sends over a connection, to the host's own address; see link::Listener::send.
    std::function<Result<void>(std::uint64_t connection, const std::string& address,
                               std::uint64_t token, link::Message)>
        send;
    // Closes a connection and sends the peer the reason.
    std::function<void(std::uint64_t connection, const std::string& condition,
                       const std::string& text)>
        close;
    // Decides whether this hello comes from the host or from another machine with its certificate:
    // calls `then`, now or later, or closes the connection.
    std::function<void(std::uint64_t connection, const wire::AgentHello& hello,
                       std::function<void()> then)>
        admit;
    // Shows an event, which is not stored, to the clients that follow events now.
    std::function<void(const std::string& host, state::EventType type, std::string_view subject,
                       const std::string& time, const json::Value& data)>
        show_live;
};

// One connected host, from its hello to the end of its connection. Shared with the store's
// callbacks, which may come after that end. [loop]
class AgentConnection : public std::enable_shared_from_this<AgentConnection> {
  public:
    AgentConnection(Shared& shared, std::uint64_t connection, std::string host);

    std::uint64_t connection() const { return connection_; }
    const std::string& host() const { return host_; }
    // Whether both hellos have been exchanged.
    bool hellos_done() const { return hellos_done_; }
    // When the last message arrived on this connection, in ms since 1970.
    hosts::Arrival last_message() const { return last_message_; }

    void receive(const link::Message& message, link::Delivery delivery);
    // A message of any kind has come.
    void heard(hosts::Arrival arrival);
    // The answer to a command that was sent; tokens are the commands' numbers, 0 for all else.
    void settled(std::uint64_t token, link::Disposition disposition);
    // Sends the queued commands in order; when none is left, runs a comparison that was deferred.
    void pump();
    // Whether this command was handed to the link, so that the agent may have it.
    bool handed_over(const std::string& command) const;
    void send_cancel(const std::string& command);
    // `unavailable` before the hello.
    void request(const wire::Request& request, PendingRequests::Callback callback);
    // The connection has ended: nothing is sent any more.
    void end();

  private:
    // agent_connection.cpp
    void send(std::string body, std::uint64_t token = 0);
    void on_hello(wire::AgentHello hello, const link::Delivery& delivery);
    void accept_hello(const wire::AgentHello& hello, const link::Delivery& delivery);
    void connected(const state::EventMark& mark);
    void release_later(const link::Delivery& delivery);
    // agent_connection_events.cpp
    void on_event(wire::Event event, const link::Delivery& delivery);
    void on_live_event(const wire::Event& event);
    // agent_connection_commands.cpp
    Result<void> send_queued();
    Result<bool> send_command(const state::View& now, const state::Command& command);
    void accepted(const std::string& id);
    void refused(const std::string& id, Error error);
    std::pair<state::State::Work, state::State::Done> transition_of(const std::string& id,
                                                                    commands::Transition transition,
                                                                    std::optional<Error> error);
    // agent_connection_sync.cpp
    void on_digest(const wire::Digest& digest);
    void fetch_schemas();
    void fetch_schema(const state::Collection& collection);
    void store_schema(const state::Collection& collection, const json::Value& result);
    void compare();
    void fetch_inventory(json::Value after,
                         std::shared_ptr<std::vector<wire::InventoryItem>> found);
    void repair(const std::vector<wire::InventoryItem>& inventory);

    Shared& shared_;
    std::uint64_t connection_;
    std::string host_;
    hosts::Arrival last_message_;
    bool ended_ = false;
    bool hellos_done_ = false;
    bool in_sync_once_ = false;  // the first digest has come: commands may go out
    bool comparing_ = false;     // an inventory is being fetched
    bool compare_due_ = false;   // a digest came while commands were unfinished
    bool cancels_sent_ = false;  // of accepted commands, since the hello
    bool lacks_schemas_ = true;  // perhaps, of those that the hello announced
    // Collections of which it is under way, or was sent and is not to be had from this host.
    std::set<std::string> schemas_asked_;
    std::uint64_t last_event_ = 0;
    std::uint64_t sent_up_to_ = 0;                    // commands up to this number were handed over
    std::map<std::uint64_t, std::string> in_flight_;  // handed over, not settled: seq -> id
    // Accepted by the agent, which the store does not say yet, or could not take.
    std::set<std::string> unrecorded_;
    std::vector<link::Delivery> to_release_;  // released when retry_ comes
    run::Timer retry_;
};

}  // namespace evenkeel::bus
