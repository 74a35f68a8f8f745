#include "core/wire/inventory_digest.hpp"

#include "core/base/text.hpp"
#include "core/crypto/hash.hpp"
#include "core/json/text.hpp"
#include "core/wire/resource.hpp"

namespace evenkeel::wire {
namespace {

constexpr std::size_t kCountBytes = 8;
constexpr std::size_t kHashBytes = 32;

}  // namespace

std::string digest_line(const Ref& ref, const Generation& generation) {
    json::Text line;
    line.open_array();
    line.add(ref.collection);
    line.add(ref.id);
    line.add(generation.stream);
    line.add(generation.revision);
    line.close_array();
    return line.take() + "\n";
}

void InventoryDigest::toggle(const Ref& ref, const Generation& generation) {
    const std::string hash = crypto::sha256(digest_line(ref, generation));
    for (std::size_t i = 0; i < kHashBytes; ++i) {
        bits_[i] = static_cast<char>(bits_[i] ^ hash[i]);
    }
}

void InventoryDigest::add(const Ref& ref, const Generation& generation) {
    toggle(ref, generation);
    ++count_;
}

void InventoryDigest::remove(const Ref& ref, const Generation& generation) {
    toggle(ref, generation);
    --count_;
}

std::string InventoryDigest::hex() const {
    return to_hex(bits_);
}

std::string InventoryDigest::bytes() const {
    std::string bytes;
    for (std::size_t left = kCountBytes; left-- > 0;) {
        bytes.push_back(static_cast<char>(count_ >> (8 * left) & 0xff));
    }
    return bytes + bits_;
}

Result<InventoryDigest> InventoryDigest::from_bytes(std::string_view bytes) {
    if (bytes.size() != kCountBytes + kHashBytes) {
        return fail(Errc::corrupt, "a digest of " + std::to_string(bytes.size()) + " bytes");
    }
    InventoryDigest digest;
    for (const char byte : bytes.substr(0, kCountBytes)) {
        digest.count_ = digest.count_ << 8 | static_cast<unsigned char>(byte);
    }
    digest.bits_ = bytes.substr(kCountBytes);
    return digest;
}

}  // namespace evenkeel::wire
