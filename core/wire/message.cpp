#include "core/wire/message.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>

#include "core/base/text.hpp"

namespace evenkeel::wire {

std::string agent_address(std::string_view host_id) {
    return "evenkeel.agent." + std::string(host_id);
}

Digest digest_of(std::string stream, std::vector<Held> held) {
    std::sort(held.begin(), held.end(),
              [](const Held& a, const Held& b) { return a.ref < b.ref; });
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    for (const Held& one : held) {
        const std::string line = json::write(json::Array{one.ref.collection, one.ref.id,
                                                         one.generation.stream,
                                                         one.generation.revision}) +
                                 "\n";
        crypto_hash_sha256_update(&state, reinterpret_cast<const unsigned char*>(line.data()),
                                  line.size());
    }
    std::array<unsigned char, crypto_hash_sha256_BYTES> hash{};
    crypto_hash_sha256_final(&state, hash.data());
    return Digest{std::move(stream), held.size(),
                  to_hex({reinterpret_cast<const char*>(hash.data()), hash.size()})};
}

Result<int> choose_protocol(int min, int max) {
    const int highest = std::min(max, kProtocolMax);
    if (highest >= std::max(min, kProtocolMin)) return highest;
    return fail(Errc::unsupported,
                "this side speaks protocol versions " + std::to_string(kProtocolMin) + " to " +
                    std::to_string(kProtocolMax) + ", the other " + std::to_string(min) + " to " +
                    std::to_string(max));
}

}  // namespace evenkeel::wire
