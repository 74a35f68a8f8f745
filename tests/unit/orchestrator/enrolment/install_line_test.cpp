#include "orchestrator/enrolment/install_line.hpp"

#include <gtest/gtest.h>

namespace evenkeel::enrolment {
namespace {

TEST(InstallLine, TakesNothingFromAHostHeaderThatAShellCouldRead) {
    EXPECT_EQ(address_of_host_header("example.org:7780"), "example.org");
    EXPECT_EQ(address_of_host_header("[::1]:7780"), "[::1]");
    for (const char* hostile : {"a;reboot", "$(reboot)", "a b", "-x", "[::1;x]", "", "a'b"}) {
        EXPECT_EQ(address_of_host_header(hostile), "") << hostile;
    }
}

TEST(InstallLine, NamesAnAddressThatOtherHostsReach) {
    EXPECT_EQ(address_for_new_hosts("", "orc.example.org:7780", "orc"), "orc.example.org");
    EXPECT_EQ(address_for_new_hosts("0.0.0.0", "192.0.2.1", "orc"), "192.0.2.1");
    for (const char* loopback : {"127.0.0.1:7780", "localhost:7780", "[::1]:7780", "", "a;b"}) {
        EXPECT_EQ(address_for_new_hosts("", loopback, "orc"), "orc") << loopback;
    }
    EXPECT_EQ(address_for_new_hosts("127.0.0.1", "orc.example.org", "orc"), "127.0.0.1");
    EXPECT_EQ(address_for_new_hosts("::1", "orc.example.org", "orc"), "[::1]");
}

}  // namespace
}  // namespace evenkeel::enrolment
