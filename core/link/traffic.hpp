#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include <proton/connection.hpp>
#include <proton/delivery.hpp>
#include <proton/receiver.hpp>
#include <proton/sender.hpp>
#include <proton/tracker.hpp>

#include "core/base/result.hpp"
#include "core/link/delivery_settler.hpp"
#include "core/link/mailbox.hpp"

namespace evenkeel::link {

// The largest encoded message for a body of so many bytes: room for headers and addresses. More
// than this cuts the connection.
constexpr std::size_t encoded_max(std::size_t body_max) {
    return body_max + 16 * 1024;
}
// Bytes of a session that Proton buffers before the peer must wait; above any encoded message.
inline constexpr std::size_t kSessionBytes = 1024 * 1024;
inline constexpr std::uint32_t kFrameBytes = 64 * 1024;

// The messages of one connection, in both directions; dialler and listener share it. Made with
// std::make_shared, because deliveries and posted work refer to it.
class Traffic final : public DeliverySettler, public std::enable_shared_from_this<Traffic> {
  public:
    struct Limits {
        std::size_t message_bytes_max;
        std::uint32_t credit;
        std::size_t unsettled_max;
        std::size_t unsettled_bytes_max;
    };
    // Called on Proton's thread, or in close() on its caller's.
    struct Sink {
        std::function<void(const std::string& address, Message, Delivery)> message;
        std::function<void(const std::string& address, std::uint64_t token, Disposition)> settled;
        // True: the message was only to be noted, and is accepted at once. May be empty.
        std::function<bool(const Message&)> note = {};
    };

    Traffic(Limits limits, Sink sink) : limits_(limits), sink_(std::move(sink)) {}

    // For work of other threads; opened by the owner, closed by close().
    Mailbox& mailbox() { return mailbox_; }

    // Begins to use an open link; false when there is one with this address. [proton]
    bool attach(const std::string& address, const proton::sender& sender);
    bool attach(const std::string& address, const proton::receiver& receiver);
    // Stops using a link, reporting `release` for its sends without an answer. False when unknown.
    // [proton]
    bool detach(const std::string& address, const proton::sender& sender);
    bool detach(const std::string& address, const proton::receiver& receiver);
    // Sets what an incoming link may carry; before it is opened on our side. [proton]
    void limit(const proton::receiver& receiver) const;

    // False when the peer has sent more than its credit, which Proton does not check: the
    // connection must be ended. [proton]
    // `message` is emptied: the binding keeps it for as long as the connection lives, with all the
    // memory that the largest one took.
    bool received(const std::string& address, proton::delivery& delivery, proton::message& message);
    // [proton]
    void answered(proton::tracker& tracker, Disposition disposition);

    // Reports `release` for every send without an answer, and drops all of Proton's objects.
    // [proton], or any thread once Proton's has ended.
    void close();

    // Errors as in Dialer::send. [any]
    Result<void> send(const std::string& address, std::uint64_t token, Message message);
    void settle(std::uint64_t id, Disposition disposition) override;

  private:
    struct Sent {
        std::string address;
        std::uint64_t token;
        std::size_t bytes;
    };
    struct Received {
        std::string address;
        proton::delivery delivery;
    };
    struct Incoming {
        proton::receiver receiver;
        std::uint32_t owed = 0;  // credit for messages that are settled
    };

    void transmit(std::uint64_t id, const std::string& address, const Message& message);
    void finish(std::uint64_t id, Disposition disposition);
    void answer(std::uint64_t id, Disposition disposition);
    void settled(Incoming& incoming) const;

    const Limits limits_;
    const Sink sink_;
    Mailbox mailbox_;

    std::mutex mutex_;  // guards what send() touches
    bool closed_ = false;
    std::uint64_t last_sent_ = 0;
    std::size_t unsettled_bytes_ = 0;
    std::map<std::uint64_t, Sent> sent_;  // without an answer, in the order sent
    std::set<std::string> sendable_;      // addresses that have a sender

    // Proton's thread only.
    std::uint64_t last_received_ = 0;
    std::map<std::string, proton::sender> senders_;
    std::map<std::string, Incoming> receivers_;
    std::map<std::uint64_t, Received> received_;  // without an answer
};

}  // namespace evenkeel::link
