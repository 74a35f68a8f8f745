#pragma once

#include <cstdint>

#include "core/link/message.hpp"

namespace evenkeel::link {

// What a Delivery answers to: the connection that its message came over.
class DeliverySettler {
  public:
    virtual ~DeliverySettler() = default;
    // Answers received message `id`; nothing happens when it is answered or gone. [any]
    virtual void settle(std::uint64_t id, Disposition disposition) = 0;
};

}  // namespace evenkeel::link
