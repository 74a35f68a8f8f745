#include "range.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdio>

#include <arpa/inet.h>
#include <netinet/in.h>

namespace nft_sets {

namespace {

struct Kind {
    Type type;
    std::string_view name;
    int bits;
};
constexpr Kind kKinds[] = {{Type::ipv4_addr, "ipv4_addr", 32},
                           {Type::ipv6_addr, "ipv6_addr", 128},
                           {Type::ether_addr, "ether_addr", 48},
                           {Type::inet_service, "inet_service", 16}};

const Kind& kind_of(Type type) {
    return *std::find_if(std::begin(kKinds), std::end(kKinds),
                         [&](const Kind& kind) { return kind.type == type; });
}

bool has_prefixes(Type type) {
    return type == Type::ipv4_addr || type == Type::ipv6_addr;
}

unsigned char* end_of(Number& number, std::size_t bytes) {
    return number.data() + number.size() - bytes;
}

const unsigned char* end_of(const Number& number, std::size_t bytes) {
    return number.data() + number.size() - bytes;
}

// Bit 0 is the last one.
unsigned char& byte_of(Number& number, int bit) {
    return number[number.size() - 1 - static_cast<std::size_t>(bit) / 8];
}
unsigned char mask_of(int bit) {
    return static_cast<unsigned char>(1u << (bit % 8));
}

bool read_unsigned(std::string_view text, unsigned most, int base, unsigned& value) {
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value, base);
    return read.ec == std::errc() && read.ptr == text.data() + text.size() && value <= most;
}

std::optional<Number> address_of(int family, std::size_t bytes, std::string_view text) {
    Number number{};
    if (::inet_pton(family, std::string(text).c_str(), end_of(number, bytes)) != 1)
        return std::nullopt;
    return number;
}

std::optional<Number> hardware_of(std::string_view text) {
    constexpr std::size_t kBytes = 6;
    Number number{};
    if (text.size() != kBytes * 3 - 1) return std::nullopt;
    for (std::size_t at = 0; at < kBytes; ++at) {
        unsigned byte = 0;
        if (at > 0 && text[at * 3 - 1] != ':') return std::nullopt;
        if (!read_unsigned(text.substr(at * 3, 2), 0xff, 16, byte)) return std::nullopt;
        end_of(number, kBytes)[at] = static_cast<unsigned char>(byte);
    }
    return number;
}

std::optional<Number> port_of(std::string_view text) {
    unsigned port = 0;
    if (!read_unsigned(text, 0xffff, 10, port)) return std::nullopt;
    Number number{};
    end_of(number, 2)[0] = static_cast<unsigned char>(port >> 8);
    end_of(number, 2)[1] = static_cast<unsigned char>(port & 0xff);
    return number;
}

std::optional<Number> number_of(Type type, std::string_view text) {
    // inet_pton would end at a zero byte.
    if (text.find('\0') != text.npos) return std::nullopt;
    switch (type) {
        case Type::ipv4_addr:
            return address_of(AF_INET, 4, text);
        case Type::ipv6_addr:
            return address_of(AF_INET6, 16, text);
        case Type::ether_addr:
            return hardware_of(text);
        case Type::inet_service:
            return port_of(text);
    }
    return std::nullopt;
}

// All values that have the first `length` bits of `number`.
Range prefix_of(Type type, const Number& number, unsigned length) {
    Range range{number, number};
    const int rest = kind_of(type).bits - static_cast<int>(length);
    for (int bit = 0; bit < rest; ++bit) {
        byte_of(range.first, bit) &= static_cast<unsigned char>(~mask_of(bit));
        byte_of(range.last, bit) |= mask_of(bit);
    }
    return range;
}

// How many bits the values of the range have in common, if it is all that have them.
std::optional<int> prefix_length(Type type, const Range& range) {
    Number first = range.first, last = range.last;
    const int bits = kind_of(type).bits;
    int rest = 0;
    while (rest < bits && (byte_of(first, rest) & mask_of(rest)) == 0 &&
           (byte_of(last, rest) & mask_of(rest)) != 0) {
        byte_of(last, rest) &= static_cast<unsigned char>(~mask_of(rest));
        ++rest;
    }
    if (!has_prefixes(type) || first != last) return std::nullopt;
    return bits - rest;
}

bool follows(Number before, const Number& after) {
    for (std::size_t at = before.size(); at-- > 0;)
        if (++before[at] != 0) break;
    return before == after;
}

}  // namespace

std::optional<Type> type_named(std::string_view name) {
    for (const Kind& kind : kKinds)
        if (kind.name == name) return kind.type;
    return std::nullopt;
}

std::string_view name_of(Type type) {
    return kind_of(type).name;
}

std::optional<Range> range_of(Type type, std::string_view text) {
    const std::size_t at = text.find_first_of("/-");
    const auto first = number_of(type, text.substr(0, at));
    if (!first) return std::nullopt;
    if (at == text.npos) return Range{*first, *first};
    const std::string_view rest = text.substr(at + 1);
    if (text[at] == '/') {
        unsigned length = 0;
        const auto most = static_cast<unsigned>(kind_of(type).bits);
        if (!has_prefixes(type) || !read_unsigned(rest, most, 10, length)) return std::nullopt;
        return prefix_of(type, *first, length);
    }
    const auto last = number_of(type, rest);
    if (!last || *last < *first) return std::nullopt;
    return Range{*first, *last};
}

std::string text_of(Type type, const Number& number) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    const unsigned char* six = end_of(number, 6);
    const unsigned char* two = end_of(number, 2);
    switch (type) {
        case Type::ipv4_addr:
            return ::inet_ntop(AF_INET, end_of(number, 4), text.data(), text.size());
        case Type::ipv6_addr:
            return ::inet_ntop(AF_INET6, number.data(), text.data(), text.size());
        case Type::ether_addr:
            std::snprintf(text.data(), text.size(), "%02x:%02x:%02x:%02x:%02x:%02x", six[0], six[1],
                          six[2], six[3], six[4], six[5]);
            return text.data();
        case Type::inet_service:
            return std::to_string(two[0] * 256 + two[1]);
    }
    return {};
}

std::string text_of(Type type, const Range& range) {
    const std::string first = text_of(type, range.first);
    if (range.is_single()) return first;
    if (const auto length = prefix_length(type, range))
        return first + "/" + std::to_string(*length);
    return first + "-" + text_of(type, range.last);
}

std::vector<Range> joined(std::vector<Range> ranges) {
    std::sort(ranges.begin(), ranges.end());
    std::vector<Range> joined;
    for (const Range& range : ranges) {
        if (joined.empty() ||
            (joined.back().last < range.first && !follows(joined.back().last, range.first)))
            joined.push_back(range);
        else if (joined.back().last < range.last) joined.back().last = range.last;
    }
    return joined;
}

}  // namespace nft_sets
