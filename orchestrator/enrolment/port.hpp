#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "core/run/loop.hpp"
#include "core/run/throttle.hpp"
#include "orchestrator/enrolment/rules.hpp"
#include "orchestrator/enrolment/signer.hpp"
#include "orchestrator/enrolment/waiting_machines.hpp"

namespace evenkeel::link {
class Listener;
}
namespace evenkeel::state {
class State;
struct Changes;
}  // namespace evenkeel::state

namespace evenkeel::enrolment {

struct Candidate;

// The listener for machines that want to become hosts. Machines are not trusted until they send a
// token or an administrator accepts them, so everything that they can cause is limited:
// connections and their silence, the new keys and wrong tokens of one address, the certificates
// that wait to be signed. A machine without a token waits on its connection; the commit of the
// decision wakes it. [loop]
class Port {
  public:
    struct Options {
        std::string host;  // to listen on; empty = every address
        std::uint16_t port = 0;
        std::string certificate_file;
        std::string key_file;
        bool discovery = true;  // machines without a token may announce themselves
        // Longer waits are answered `timeout`, and the agent asks again: so a half-open link is not
        // kept for ever.
        std::chrono::milliseconds wait_most{20'000};
        // From connecting, and from an answer, to the next request. Then the connection is cut.
        std::chrono::milliseconds request_timeout{10'000};
        std::size_t signatures_waiting_most = 64;  // more requests are `busy`
    };
    struct Parts {
        run::Loop& loop;
        state::State& state;
        Signer::Sign sign;
        std::string authority;  // its certificate, PEM
        // Called for each answer, because it is known only once the bus listens.
        std::function<std::uint16_t()> bus_port;
    };
    Port(Parts parts, const Options& options);
    ~Port();
    Port(const Port&) = delete;
    Port& operator=(const Port&) = delete;

    static constexpr std::uint32_t kFailuresMost = 20;  // of one source in a minute

    // See link::Listener::start.
    Result<void> start();
    // Cuts every connection; no machine is enrolled afterwards.
    void stop();
    std::uint16_t port() const;

  private:
    void listen(const Options& options);
    void receive(Request request);
    // Answers which host the key is, and changes nothing.
    void identify(const SharedRequest& request);
    // With a token.
    void enrol(const SharedRequest& request);
    void enrol_candidate(const SharedRequest& request, const Candidate& candidate);
    // Refuses it for what is wrong with the request; too much of that from one address is `busy`.
    void refuse_invalid(const Request& request, const Error& error);
    // Without one.
    void announce(const SharedRequest& request);
    void make_pending(const SharedRequest& request);
    // Answers what is decided, and lets wait what is not.
    void settle(const state::Enrolment& enrolment, const SharedRequest& request);
    void wait(const std::string& key, const SharedRequest& request);
    void on_committed(const state::Changes& changes);
    void on_wait_ended();
    void set_timer();
    // Gives an accepted machine its certificate.
    void certify(const state::Enrolment& enrolment, const SharedRequest& request);
    void keep_certificate(const std::string& key, const Certificate& certificate,
                          const SharedRequest& request);

    void welcome(const Request& request, const Enrolled& enrolled);
    void refuse(const Request& request, const Error& error);
    void answer(const Request& request, const wire::EnrolAnswer& answer);
    bool is_connected(const Request& request) const {
        return addresses_.contains(request.connection);
    }

    Parts parts_;
    const bool discovery_;
    const std::chrono::milliseconds wait_most_;
    std::unique_ptr<link::Listener> listener_;
    Signer signer_;
    std::map<std::uint64_t, std::string> addresses_;                  // of connections
    run::Throttle failures_{kFailuresMost, std::chrono::minutes(1)};  // by source
    WaitingMachines waiting_;
    run::Timer wait_ends_;  // for the next of those that wait
};

}  // namespace evenkeel::enrolment
