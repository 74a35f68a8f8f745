#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "sdk/examples/nft_sets/range.hpp"

namespace nft_sets {
namespace {

// The text as it is written; "none" if it is no range of the type.
std::string written(Type type, std::string_view text) {
    const auto range = range_of(type, text);
    return range ? text_of(type, *range) : "none";
}

std::vector<std::string> written(Type type, const std::vector<std::string>& texts) {
    std::vector<Range> ranges;
    for (const std::string& text : texts) ranges.push_back(range_of(type, text).value());
    std::vector<std::string> all;
    for (const Range& range : joined(ranges)) all.push_back(text_of(type, range));
    return all;
}

using Texts = std::vector<std::string>;

TEST(NftRange, IsWrittenInTheShortestWay) {
    constexpr auto kFour = Type::ipv4_addr;
    EXPECT_EQ(written(kFour, "192.0.2.1"), "192.0.2.1");
    EXPECT_EQ(written(kFour, "192.0.2.1/32"), "192.0.2.1");
    EXPECT_EQ(written(kFour, "10.1.2.3/8"), "10.0.0.0/8");
    EXPECT_EQ(written(kFour, "10.0.0.0-10.255.255.255"), "10.0.0.0/8");
    EXPECT_EQ(written(kFour, "10.0.0.1-10.0.0.2"), "10.0.0.1-10.0.0.2");
    EXPECT_EQ(written(kFour, "10.0.0.1-10.0.0.1"), "10.0.0.1");
    EXPECT_EQ(written(kFour, "0.0.0.0-255.255.255.255"), "0.0.0.0/0");
    EXPECT_EQ(written(Type::ipv6_addr, "2001:DB8:0:0::1"), "2001:db8::1");
    EXPECT_EQ(written(Type::ipv6_addr, "fe80::1/10"), "fe80::/10");
    EXPECT_EQ(written(Type::ipv6_addr, "::/0"), "::/0");
    EXPECT_EQ(written(Type::ether_addr, "02:00:00:AA:bb:0c"), "02:00:00:aa:bb:0c");
    EXPECT_EQ(written(Type::ether_addr, "02:00:00:00:00:00-02:00:00:00:00:0f"),
              "02:00:00:00:00:00-02:00:00:00:00:0f");
    EXPECT_EQ(written(Type::inet_service, "65535"), "65535");
    EXPECT_EQ(written(Type::inet_service, "1024-2047"), "1024-2047");
}

TEST(NftRange, RefusesWhatIsNone) {
    for (const char* text : {"", "x", "1.2.3", "1.2.3.256", "1.2.3.4/33", "1.2.3.4/", "1.2.3.4/-1",
                             "1.2.3.4-1.2.3.3", "1.2.3.4-", "-", "/", "example.org", " 1.2.3.4"})
        EXPECT_EQ(written(Type::ipv4_addr, text), "none") << text;
    EXPECT_EQ(written(Type::ipv4_addr, std::string_view("1.2.3.4\0", 8)), "none");
    for (const char* text : {"1.2.3.4", "::/129", "fe80", ":::"})
        EXPECT_EQ(written(Type::ipv6_addr, text), "none") << text;
    for (const char* text :
         {"02:00:00:aa:bb", "02-00-00-aa-bb-cc", "02:00:00:aa:bb:cg", "/8", "02:00:00:aa:bb:cc/8"})
        EXPECT_EQ(written(Type::ether_addr, text), "none") << text;
    for (const char* text : {"65536", "-1", "+1", "ssh", "1/8", "9-8", "99999999999"})
        EXPECT_EQ(written(Type::inet_service, text), "none") << text;
}

TEST(NftRange, WhatTouchesOrOverlapsIsOne) {
    EXPECT_EQ(written(Type::ipv4_addr, Texts{"10.128.0.0/9", "1.1.1.1", "10.0.0.0/9"}),
              (Texts{"1.1.1.1", "10.0.0.0/8"}));
    EXPECT_EQ(written(Type::ipv4_addr, Texts{"10.0.0.0/8", "10.1.0.0/16", "10.0.0.0"}),
              (Texts{"10.0.0.0/8"}));
    EXPECT_EQ(written(Type::inet_service, Texts{"1", "3", "2", "5", "2"}), (Texts{"1-3", "5"}));
    EXPECT_EQ(written(Type::ipv6_addr, Texts{"8000::/1", "::/1"}), (Texts{"::/0"}));
    EXPECT_EQ(written(Type::ipv4_addr, Texts{"255.255.255.255", "0.0.0.0"}),
              (Texts{"0.0.0.0", "255.255.255.255"}));
    EXPECT_EQ(written(Type::ipv4_addr, Texts{}), Texts{});
}

TEST(NftRange, TypesHaveTheNamesOfNftables) {
    for (const char* name : {"ipv4_addr", "ipv6_addr", "ether_addr", "inet_service"})
        EXPECT_EQ(name_of(type_named(name).value()), name);
    EXPECT_FALSE(type_named("mark"));
    EXPECT_FALSE(type_named(""));
}

}  // namespace
}  // namespace nft_sets
