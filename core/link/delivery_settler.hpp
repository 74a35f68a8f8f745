#pragma once

#include <cstdint>

#include "core/link/message.hpp"

namespace evenkeel::link {

// Settles received messages: implemented by the connection that they came over.
class DeliverySettler {
  public:
    virtual ~DeliverySettler() = default;
    // Settles the received message `id`. Does nothing when it is settled already or its connection
    // has ended. [any]
    virtual void settle(std::uint64_t id, Disposition disposition) = 0;
};

}  // namespace evenkeel::link
