#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace evenkeel::link {

// Runs a function later on the thread that the owner chose, in the order given: `loop.post`. Must
// be callable from any thread for as long as a Dialer or Listener that holds it exists.
using Executor = std::function<void(std::function<void()>)>;

// One AMQP message, as much of it as we use. Strings are UTF-8.
struct Message {
    std::string body;            // JSON text; an AMQP string, or bytes from a peer that sends those
    std::string reply_to;        // address, empty = none
    std::string correlation_id;  // empty = none
    bool durable = true;
};

enum class Disposition {
    accept,   // taken over: the sender forgets it
    reject,   // wrong and never to be sent again
    release,  // not taken over: the sender sends it again
};

class DeliverySettler;

// The right to answer one received message, once. Copies share that right. When the last copy goes
// without an answer the message is released. Holds no credit and no socket once the connection has
// ended; settling is then without effect. [any]
class Delivery {
  public:
    Delivery() = default;
    Delivery(std::weak_ptr<DeliverySettler> endpoint, std::uint64_t id);

    // Only the first call counts. [any]
    void settle(Disposition disposition) const;

  private:
    struct Claim;
    std::shared_ptr<Claim> claim_;
};

}  // namespace evenkeel::link
