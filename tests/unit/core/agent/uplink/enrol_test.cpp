#include "core/agent/uplink/enrol.hpp"

#include <gtest/gtest.h>

namespace evenkeel::agent {
namespace {

TEST(Address, HostPortAndBothFamiliesAreRead) {
    std::string host;
    std::uint16_t port = 5673;
    ASSERT_TRUE(split_address("orch.example", host, port));
    EXPECT_EQ(host + " " + std::to_string(port), "orch.example 5673");
    ASSERT_TRUE(split_address("[fd00::1]:99", host, port));
    EXPECT_EQ(host + " " + std::to_string(port), "fd00::1 99");
    ASSERT_TRUE(split_address("fd00::2", host, port));
    EXPECT_EQ(host + " " + std::to_string(port), "fd00::2 99");
    ASSERT_TRUE(split_address("10.0.0.1:1234", host, port));
    EXPECT_EQ(host + " " + std::to_string(port), "10.0.0.1 1234");
    for (const char* wrong : {"", ":1", "h:", "h:0", "h:65536", "h:x", "[::1", "[::1]x"}) {
        EXPECT_FALSE(split_address(wrong, host, port)) << wrong;
    }
}

}  // namespace
}  // namespace evenkeel::agent
