#pragma once

#include <memory>

#include "core/agent/uplink/handover.hpp"
#include "core/agent/uplink/identity.hpp"
#include "core/run/backoff.hpp"
#include "core/run/loop.hpp"

namespace evenkeel::link {
class Dialer;
enum class Disposition;
class Delivery;
struct Ending;
struct Message;
}  // namespace evenkeel::link

namespace evenkeel::wire {
struct OrchestratorHello;
struct Reply;
struct Request;
}  // namespace evenkeel::wire

namespace evenkeel::agent {

struct EventDraft;

// The agent's side of the bus, as docs/bus-protocol.md specifies it: hello, the events of the
// outbox, a digest, heartbeats; commands and requests come in. It dials again for ever, but rarely
// where it was refused. An event is
// sent as it was stored, without being parsed; at most kInFlightMost are under way. Failures are
// logged and retried; no other part of the agent waits for it. [loop]
class Uplink {
  public:
    struct Options {
        std::string host;  // to dial
        std::uint16_t port = 5671;
        Identity identity;
        IdentityFiles files;
        std::chrono::milliseconds digest_interval = std::chrono::minutes(10);
        std::chrono::milliseconds hello_time = std::chrono::seconds(30);
        std::chrono::milliseconds release_pause = std::chrono::seconds(1);
        std::chrono::milliseconds backoff_base = std::chrono::seconds(1);
        std::chrono::milliseconds backoff_cap = std::chrono::minutes(1);
        std::chrono::milliseconds quarantine_pause = std::chrono::minutes(1);
        // Only an orchestrator restored from a backup takes a retired identity again.
        std::chrono::milliseconds retired_pause = std::chrono::hours(1);
    };

    Uplink(UplinkParts parts, run::Loop& loop, Options options);
    // Ends the link.
    ~Uplink();

    Result<void> start();
    // After both hellos.
    bool is_up() const { return up_; }
    // The orchestrator has refused this machine as a copy of another; until its next hello.
    bool is_quarantined() const { return refusal_ == Refusal::quarantined; }
    // The orchestrator has said that the identity is retired; until its next hello.
    bool is_retired() const { return refusal_ == Refusal::retired; }
    // Sends the events that wait, as far as the limit allows.
    void pump();
    // Sends an event that is not stored; dropped while the link is down.
    void send_live(const std::string& time, const EventDraft& draft);

    static constexpr std::size_t kInFlightMost = 64;

  private:
    enum class Refusal { none, quarantined, retired };
    // A token identifies the send that was settled: an event's is its number; the settlement of all
    // others is ignored.
    static constexpr std::uint64_t kIgnored = 0;

    void on_up();
    void on_down(const Error& error);
    void on_ended(const link::Ending& ending);
    void on_message(const link::Message& message, const link::Delivery& delivery);
    void on_hello(const wire::OrchestratorHello& hello);
    void on_rolled_back(std::uint64_t seq);
    void on_handed_over(const wire::OrchestratorHello& hello);
    void on_request(const wire::Request& request, const link::Message& message);
    void answer(const std::string& correlation, const wire::Reply& reply);
    void on_settled(std::uint64_t token, link::Disposition disposition);
    // Whether the link has taken it.
    bool send(std::string_view address, std::uint64_t token, std::string body, bool durable);
    void send_digest();
    void beat();
    // Stops dialling for a while.
    void on_refused(Refusal refusal, const std::string& why);
    // Dials again then, and later still where that cannot even begin.
    void start_after(std::chrono::milliseconds pause);
    // Sends no event for a while, and then again all that have no answer.
    void pause_events();
    // Gives up an event that is damaged or not there.
    void lose(std::uint64_t seq);
    // Ends the link; the dialler dials again after its pause.
    void dial_again(const std::string& why);
    bool send_next();

    UplinkParts parts_;
    run::Loop& loop_;
    Options options_;
    std::unique_ptr<link::Dialer> dialer_;
    Handover handover_;
    // Random for each process, so that the orchestrator can distinguish a copy of this machine from
    // its restart.
    const std::string instance_;
    Refusal refusal_ = Refusal::none;
    bool linked_ = false;
    bool up_ = false;
    std::string stream_;              // the orchestrator's
    std::uint64_t digest_after_ = 0;  // the first digest goes behind this event
    bool digest_due_ = false;
    bool paused_ = false;             // see pause_events()
    std::uint64_t last_sign_ns_ = 0;  // of life: a message, or an acceptance
    std::chrono::milliseconds heartbeat_{10'000};
    // Callbacks that come later check with it that this object still exists.
    std::shared_ptr<const bool> alive_ = std::make_shared<bool>(true);
    run::Backoff start_pauses_{options_.backoff_base, options_.backoff_cap};
    run::Timer refused_timer_, hello_timer_, beat_timer_, digest_timer_, pause_timer_;
};

}  // namespace evenkeel::agent
