#include "core/store/key.hpp"

#include <utility>

#include "core/crypto/hash.hpp"

namespace evenkeel::store {
namespace {

constexpr std::size_t kPlainIdBytesMax = 400;

}  // namespace

std::string number_key(std::uint64_t number) {
    std::string key(8, '\0');
    for (std::size_t i = 0; i < 8; ++i) key[i] = static_cast<char>(number >> (56 - 8 * i));
    return key;
}

Result<std::uint64_t> number_of(std::string_view key) {
    if (key.size() < 8) return fail(Errc::corrupt, "a key too short to hold a number");
    std::uint64_t number = 0;
    for (const char c : key.substr(key.size() - 8)) {
        number = (number << 8) | static_cast<unsigned char>(c);
    }
    return number;
}

std::string resource_key(std::string_view collection, std::string_view id) {
    std::string key(collection);
    const bool plain = id.size() <= kPlainIdBytesMax;
    key.push_back(plain ? '\0' : '\1');
    key += plain ? std::string(id) : crypto::sha256(id);
    return key;
}

Range Range::prefix(std::string prefix) {
    // The first key behind all of them: the prefix with its last byte one higher.
    std::string until = prefix;
    while (!until.empty() && until.back() == '\xff') until.pop_back();
    if (!until.empty()) until.back() = static_cast<char>(until.back() + 1);
    return {std::move(prefix), std::move(until), false};
}

Range Range::collection(std::string_view collection, std::string_view before) {
    const std::string name = std::string(before) + std::string(collection);
    return {name + '\0', name + '\2', false};
}

Range Range::after(std::string_view key) const {
    Range rest = *this;
    // The next possible key, or the end before this one.
    if (reverse) {
        if (rest.until.empty() || key < rest.until) rest.until = key;
    } else if (key >= std::string_view(rest.from)) {
        rest.from = std::string(key) + '\0';
    }
    return rest;
}

Range Range::reversed() const {
    Range other = *this;
    other.reverse = !reverse;
    return other;
}

}  // namespace evenkeel::store
