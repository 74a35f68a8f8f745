#include <gtest/gtest.h>

#include "plugins/packages/apt/candidates.hpp"
#include "plugins/packages/apt/simulation.hpp"

namespace evenkeel::packages {
namespace {

constexpr std::string_view kPolicy = R"(hello:
  Installed: (none)
  Candidate: 2.10-3
  Version table:
     3.0-1 400
        400 file:/srv/new v2/main amd64 Packages
     2.10-3 990
        990 http://mirror/debian bookworm/main amd64 Packages
libc6:i386:
  Installed: (none)
  Candidate: 2.36
  Version table:
 *** 2.36 1001
       1001 http://mirror/debian bookworm/main i386 Packages
nothing:
  Installed: (none)
  Candidate: (none)
  Version table:
)";

TEST(AptPolicy, GivesTheCandidateAndItsPriority) {
    const auto offers = parse_policy(kPolicy);
    ASSERT_EQ(offers.size(), 2u);
    EXPECT_EQ(offers.at("hello").version, "2.10-3");
    EXPECT_EQ(offers.at("hello").priority, 990);
    EXPECT_EQ(offers.at("libc6:i386").version, "2.36");
    EXPECT_EQ(offers.at("libc6:i386").priority, 1001);
}

TEST(AptPolicy, SurvivesNonsense) {
    EXPECT_TRUE(parse_policy("").empty());
    EXPECT_TRUE(parse_policy(":\n  Candidate: (none)\n     \n      1\n\n").empty());
    EXPECT_EQ(parse_policy("  Candidate: 1\n     1 x\n").size(), 1u);
}

TEST(AptPolicy, KeepsANewerInstalledVersionUnlessPinned) {
    EXPECT_EQ(choose(std::nullopt, "1.0"), std::nullopt);
    EXPECT_EQ(choose(Offer{"2.0", 500}, std::nullopt), "2.0");
    EXPECT_EQ(choose(Offer{"2.0", 500}, "1.0"), "2.0");
    EXPECT_EQ(choose(Offer{"2.0", 500}, "3.0"), "3.0");
    EXPECT_EQ(choose(Offer{"2.0", 1001}, "3.0"), "2.0");
}

TEST(AptRehearsal, NamesWhatWouldComeAndGo) {
    const Simulation simulation = parse_simulation(
        "Reading package lists...\nInst libhello (1.0 bed:v1 [all])\n"
        "Inst hello [1.0] (2.0 bed:v2 [all])\nRemv rival [1.0]\nPurg old [3]\nConf hello (2.0)\n");
    EXPECT_EQ(simulation.installed, (std::vector<std::string>{"libhello", "hello"}));
    EXPECT_EQ(simulation.removed, (std::vector<std::string>{"rival", "old"}));
}

TEST(AptRun, NamesWhatItHasFoundOnHold) {
    EXPECT_EQ(parse_held("Reading state information...\nThe following packages will be REMOVED:\n"
                         "  rival\nThe following held packages will be changed:\n  hello libhello\n"
                         "  libc6:i386\nThe following packages will be upgraded:\n  hello other\n"),
              (std::vector<std::string>{"hello", "libhello", "libc6:i386"}));
    EXPECT_TRUE(parse_held("The following packages will be upgraded:\n  hello\n").empty());
    EXPECT_TRUE(parse_held("The following held packages will be changed:").empty());
}

}  // namespace
}  // namespace evenkeel::packages
