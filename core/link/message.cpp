#include "core/link/message.hpp"

#include <atomic>
#include <utility>

#include "core/link/delivery_settler.hpp"

namespace evenkeel::link {

struct Delivery::Claim {
    std::weak_ptr<DeliverySettler> endpoint;
    std::uint64_t id;
    std::atomic<bool> used{false};

    Claim(std::weak_ptr<DeliverySettler> to, std::uint64_t which)
        : endpoint(std::move(to)), id(which) {}
    Claim(const Claim&) = delete;
    Claim& operator=(const Claim&) = delete;
    ~Claim() { settle(Disposition::release); }

    void settle(Disposition disposition) {
        if (used.exchange(true)) return;
        if (const auto live = endpoint.lock()) live->settle(id, disposition);
    }
};

Delivery::Delivery(std::weak_ptr<DeliverySettler> endpoint, std::uint64_t id)
    : claim_(std::make_shared<Claim>(std::move(endpoint), id)) {}

void Delivery::settle(Disposition disposition) const {
    if (claim_) claim_->settle(disposition);
}

}  // namespace evenkeel::link
