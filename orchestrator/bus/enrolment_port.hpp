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
#include "core/wire/message.hpp"
#include "orchestrator/bus/bus.hpp"
#include "orchestrator/hosts/allow_list.hpp"
#include "orchestrator/state/state.hpp"

namespace evenkeel::bus {

// The listener for machines that want to become hosts: strangers, until they show a token. [loop]
class EnrolmentPort {
  public:
    struct Parts {
        run::Loop& loop;
        state::State& state;
        const crypto::Authority& authority;
        hosts::AllowList& allow_list;
    };
    // `bus_port` is asked for each answer: it is known once the bus listens.
    EnrolmentPort(const Parts& parts, const Endpoint& endpoint,
                  std::function<std::uint16_t()> bus_port);
    ~EnrolmentPort();
    EnrolmentPort(const EnrolmentPort&) = delete;
    EnrolmentPort& operator=(const EnrolmentPort&) = delete;

    Result<void> start();
    void stop();
    std::uint16_t port() const;

  private:
    void receive(std::uint64_t connection, const link::Message& message, link::Delivery delivery);
    void enrol(std::uint64_t connection, const link::Message& message,
               const wire::EnrolRequest& ask, const link::Delivery& delivery);
    void answer(std::uint64_t connection, const link::Message& asked,
                const wire::EnrolAnswer& answer, const link::Delivery& delivery);
    // Whether this address has guessed too often of late.
    bool is_throttled(const std::string& address) const;
    void count_failure(const std::string& address);
    const std::string& address_of(std::uint64_t connection) const;

    Parts parts_;
    std::function<std::uint16_t()> bus_port_;
    std::unique_ptr<link::Listener> listener_;
    std::map<std::uint64_t, std::string> addresses_;  // of connections
    std::map<std::string, int> failures_;             // by address, in this minute
    run::Timer forgive_;
};

}  // namespace evenkeel::bus
