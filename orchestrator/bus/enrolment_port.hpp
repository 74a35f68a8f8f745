#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "core/base/result.hpp"
#include "core/crypto/x509.hpp"
#include "core/link/message.hpp"
#include "core/run/loop.hpp"
#include "core/run/throttle.hpp"
#include "core/wire/message.hpp"
#include "orchestrator/bus/bus.hpp"
#include "orchestrator/hosts/allow_list.hpp"
#include "orchestrator/state/enrolment.hpp"
#include "orchestrator/state/state.hpp"

namespace evenkeel::bus {

// The listener for machines that want to become hosts: strangers, until they show a token or
// somebody accepts them. [loop]
class EnrolmentPort {
  public:
    struct Parts {
        run::Loop& loop;
        state::State& state;
        const crypto::Authority& authority;
        hosts::AllowList& allow_list;
        bool discovery = true;  // machines without a token may announce themselves
    };
    // `bus_port` is asked for each answer: it is known once the bus listens.
    EnrolmentPort(const Parts& parts, const Endpoint& endpoint,
                  std::function<std::uint16_t()> bus_port);
    ~EnrolmentPort();
    // Longer waits are answered `pending`, and begin anew: a half-open link is not kept for ever.
    static constexpr std::chrono::seconds kWaitMost{20};
    static constexpr std::uint32_t kFailuresMost = 20;  // of one source in a minute
    EnrolmentPort(const EnrolmentPort&) = delete;
    EnrolmentPort& operator=(const EnrolmentPort&) = delete;

    Result<void> start();
    void stop();
    std::uint16_t port() const;

  private:
    void receive(std::uint64_t connection, const link::Message& message, link::Delivery delivery);
    void enrol(std::uint64_t connection, const link::Message& message,
               const wire::EnrolRequest& ask, const link::Delivery& delivery);
    void send(std::uint64_t connection, const link::Message& asked,
              const wire::EnrolAnswer& answer);
    void answer(std::uint64_t connection, const link::Message& asked,
                const wire::EnrolAnswer& answer, const link::Delivery& delivery);
    void announce(std::uint64_t connection, const link::Message& message,
                  const wire::EnrolRequest& ask, const link::Delivery& delivery);
    // Answers what is decided, and lets wait what is not.
    void settle(const state::Enrolment& enrolment, std::uint64_t connection,
                const link::Message& asked);
    // Gives an accepted machine its certificate.
    void certify(const state::Enrolment& enrolment, std::uint64_t connection,
                 const link::Message& asked);
    // Looks at all that wait: who is decided, whose time is over.
    void look();
    const std::string& address_of(std::uint64_t connection) const;

    Parts parts_;
    std::function<std::uint16_t()> bus_port_;
    std::unique_ptr<link::Listener> listener_;
    std::map<std::uint64_t, std::string> addresses_;                  // of connections
    run::Throttle failures_{kFailuresMost, std::chrono::minutes(1)};  // by source
    // Machines that are connected and wait to be accepted, by the fingerprint of their key.
    struct Wait {
        std::uint64_t connection = 0;
        link::Message asked;
        std::uint64_t until_ns = 0;
    };
    std::map<std::string, Wait> waiting_;
    bool changed_ = false;  // something was committed since the last look
    run::Timer look_;
};

}  // namespace evenkeel::bus
