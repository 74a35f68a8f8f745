#include "core/wire/message.hpp"

#include <algorithm>

#include "core/base/text.hpp"
#include "core/crypto/hash.hpp"
#include "core/wire/inventory_digest.hpp"

namespace evenkeel::wire {

std::string agent_address(std::string_view host_id) {
    return "evenkeel.agent." + std::string(host_id);
}

Digest digest_of(std::string stream, std::vector<InventoryItem> items) {
    std::sort(items.begin(), items.end(),
              [](const InventoryItem& a, const InventoryItem& b) { return a.ref < b.ref; });
    crypto::Sha256 hash;
    InventoryDigest digest;
    for (const InventoryItem& one : items) {
        hash.add(digest_line(one.ref, one.generation));
        digest.add(one.ref, one.generation);
    }
    return Digest{.stream = std::move(stream),
                  .count = digest.count(),
                  .sha256 = to_hex(hash.finish()),
                  .xor_sha256 = digest.hex()};
}

Result<int> choose_protocol(int min, int max) {
    const int highest = std::min(max, kProtocolMax);
    if (highest >= std::max(min, kProtocolMin)) return highest;
    return fail(Errc::unsupported, "this side speaks protocol versions " +
                                       std::to_string(kProtocolMin) + " to " +
                                       std::to_string(kProtocolMax) + ", the other " +
                                       std::to_string(min) + " to " + std::to_string(max));
}

}  // namespace evenkeel::wire
