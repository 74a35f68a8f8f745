#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nft_sets {

// Of what the elements of a set are, by the names of nftables.
enum class Type { ipv4_addr, ipv6_addr, ether_addr, inet_service };

std::optional<Type> type_named(std::string_view name);
std::string_view name_of(Type type);

// A value of any type in the order of the kernel: big-endian, at the end of the 16 bytes.
using Number = std::array<unsigned char, 16>;

struct Range {
    Number first{}, last{};

    bool is_single() const { return first == last; }
    bool operator==(const Range& other) const { return first == other.first && last == other.last; }
    bool operator!=(const Range& other) const { return !(*this == other); }
    bool operator<(const Range& other) const {
        return first != other.first ? first < other.first : last < other.last;
    }
};

// Of "10.0.0.1", "10.0.0.0/8" (addresses only) or "10.0.0.1-10.0.0.9"; nothing for what is none.
std::optional<Range> range_of(Type type, std::string_view text);

// The shortest of the three.
std::string text_of(Type type, const Range& range);
std::string text_of(Type type, const Number& number);

// The same values in as few ranges as can be, in order.
std::vector<Range> joined(std::vector<Range> ranges);

}  // namespace nft_sets
