#include "core/agent/uplink/facts.hpp"

#include <thread>

#include <gtest/gtest.h>

#include "core/base/text.hpp"

namespace evenkeel::agent {
namespace {

TEST(Facts, TellWhatAnAdministratorChoosesHostsBy) {
    const json::Value told = facts();
    EXPECT_EQ(told["hostname"], json::Value(host_name()));
    EXPECT_FALSE(told["architecture"].as_string().empty());
    EXPECT_FALSE(told["kernel"]["release"].as_string().empty());
    EXPECT_EQ(told["cpus"], json::Value(static_cast<long>(std::thread::hardware_concurrency())));
    EXPECT_GT(told["memory_bytes"].as_integer(), 1 << 20);
}

TEST(Facts, LeaveOutAddressesThatLeadNowhere) {
    const json::Value told = facts();
    for (const json::Value& address : told["addresses"].as_array()) {
        const std::string text = address.as_string();
        EXPECT_FALSE(text.starts_with("127.") || text == "::1" || text.starts_with("fe80:") ||
                     text.starts_with("169.254."))
            << text;
    }
}

}  // namespace
}  // namespace evenkeel::agent
