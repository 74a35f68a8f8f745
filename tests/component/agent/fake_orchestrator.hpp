#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/agent/uplink/identity.hpp"
#include "core/crypto/x509.hpp"
#include "core/link/listener.hpp"
#include "core/run/loop.hpp"
#include "core/wire/message.hpp"
#include "tests/unit/core/temp_folder.hpp"

namespace evenkeel::agent::test {

// The other end of the bus: admits one host, answers its hello, writes down what it says and
// accepts it or not as the test wants.
class FakeOrchestrator {
  public:
    explicit FakeOrchestrator(const std::string& stream = "stream_o");

    // Opens the port on `loop`; the same one each time.
    void start(run::Loop& loop);
    void stop();
    std::uint16_t port() const { return port_; }
    // Key, certificate and CA of the host "host_...", as an enrolment would leave them.
    Identity enrol(const std::string& state_dir);
    // An enrolment port that hands out such a certificate for the token "let-me-in".
    void start_enrolment(run::Loop& loop);
    std::uint16_t enrolment_port() const { return enrolment_->port(); }
    std::string ca_fingerprint() const { return authority_.fingerprint(); }

    // Ends the agent's link with this AMQP error condition and text.
    void close(const std::string& condition, const std::string& text);
    void send(const std::string& body, const std::string& correlation = "");
    // Commands get the next number.
    void command(const std::string& id, const std::string& verb,
                 std::vector<wire::ResourceRequest> resources);

    std::string stream;
    wire::OrchestratorHello hello;  // what it answers
    bool answers_hello = true;
    bool accepts_heartbeats = true;
    // Else what is no event waits for settle_all().
    bool settles = true;
    void settle_all();
    // What each durable event is answered with; accept unless set.
    std::function<link::Disposition(const wire::Event&)> assess;

    std::vector<wire::AgentHello> hellos;
    std::vector<wire::Digest> digests;
    std::vector<wire::Event> events;  // durable ones that were accepted, in the order of arrival
    std::vector<wire::Event> live;
    std::vector<std::pair<std::string, wire::Reply>> replies;
    std::vector<std::pair<std::uint64_t, link::Disposition>> answers;  // to commands, by number
    std::size_t settled = 0;                                           // of all that it has sent
    std::size_t heartbeats = 0;
    int connections = 0;
    int ended = 0;  // of them

  private:
    void on_message(const link::Message& message, const link::Delivery& delivery);
    void take(const wire::Event& event, const link::Delivery& delivery);
    void on_enrol(std::uint64_t connection, const link::Message& message);
    std::string sign(const std::string& request) const;

    evenkeel::test::TempFolder folder_;
    crypto::Authority authority_;
    std::string host_;
    std::string fingerprint_;
    std::uint16_t port_ = 0;
    std::uint64_t connection_ = 0;
    std::uint64_t seq_ = 0;
    std::vector<link::Delivery> unsettled_;
    std::unique_ptr<link::Listener> listener_;
    std::unique_ptr<link::Listener> enrolment_;
};

}  // namespace evenkeel::agent::test
