#include "core/wire/message.hpp"

#include <algorithm>

#include "core/base/text.hpp"
#include "core/crypto/hash.hpp"
#include "core/json/text.hpp"

namespace evenkeel::wire {

std::string agent_address(std::string_view host_id) {
    return "evenkeel.agent." + std::string(host_id);
}

Digest digest_of(std::string stream, std::vector<InventoryItem> items) {
    std::sort(items.begin(), items.end(),
              [](const InventoryItem& a, const InventoryItem& b) { return a.ref < b.ref; });
    crypto::Sha256 hash;
    for (const InventoryItem& one : items) {
        json::Text line;
        line.open_array();
        line.add(one.ref.collection);
        line.add(one.ref.id);
        line.add(one.generation.stream);
        line.add(one.generation.revision);
        line.close_array();
        hash.add(line.take() + "\n");
    }
    const std::uint64_t count = items.size();
    return Digest{std::move(stream), count, to_hex(hash.finish())};
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
