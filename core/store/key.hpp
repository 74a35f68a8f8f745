#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.hpp"

// The format of keys. LMDB sorts them as bytes and limits them to 511.
namespace evenkeel::store {

inline constexpr std::size_t kKeyBytesMax = 511;

// Eight bytes, the highest first: the order of the keys is the order of the numbers.
std::string number_key(std::uint64_t number);
// The number of such a key, or of one that ends with one; `corrupt` when it is too short.
Result<std::uint64_t> number_of(std::string_view key);

// `collection`, a 0 byte and the id; for ids past 400 bytes `collection`, a 1 byte and the id's
// SHA-256. The id cannot be read from such a key, so the value always contains it. Requires a
// collection of at most 64 bytes without control characters.
std::string resource_key(std::string_view collection, std::string_view id);

// The keys of a scan: the keys from `from` (empty: the first) to before `until` (empty: the last
// one too).
struct Range {
    std::string from;
    std::string until;
    bool reverse = false;

    static Range all() { return {}; }
    // Every key that begins with `prefix`.
    static Range prefix(std::string prefix);
    // Both kinds of resource_key of one collection, behind `before` (a host's id, say).
    static Range collection(std::string_view collection, std::string_view before = "");
    // The same range without the keys up to and including `key`: a cursor.
    Range after(std::string_view key) const;
    // The same range from its end.
    Range reversed() const;
};

}  // namespace evenkeel::store
