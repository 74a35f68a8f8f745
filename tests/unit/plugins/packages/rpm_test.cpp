#include <gtest/gtest.h>

#include "plugins/packages/rpm/files.hpp"
#include "plugins/packages/rpm/tool.hpp"

namespace evenkeel::packages {
namespace {

using Words = std::vector<std::string>;

TEST(DnfSummary, NamesWhatWouldComeAndGo) {
    const RpmSimulation simulation = parse_dnf_summary(R"(Dependencies resolved.
================================================================================
 Package              Architecture       Version           Repository      Size
================================================================================
Installing:
 hello                noarch             1.0-1             v1             6.2 k
     replacing  greeter.noarch 0.9-1
 a-name-that-is-so-long-that-it-has-a-line-of-its-own
                      noarch             1.0-1             v1             6.0 k
Installing dependencies:
 libhello             noarch             1.0-1             v1             6.0 k
Downgrading:
 other                noarch             1.0-1             v1             6.0 k
Removing dependent packages:
 rival                noarch             1.0-1             @v1             23

Transaction Summary
================================================================================
Install  2 Packages

Operation aborted.
)");
    EXPECT_EQ(simulation.changed,
              (Words{"hello", "a-name-that-is-so-long-that-it-has-a-line-of-its-own", "libhello",
                     "other"}));
    EXPECT_EQ(simulation.lowered, Words{"other"});
    EXPECT_EQ(simulation.removed, (Words{"greeter", "rival"}));
    EXPECT_TRUE(parse_dnf_summary("Nothing to do.\nInstall  2 Packages\n x y\n").changed.empty());
}

TEST(DnfVersionlock, NamesWhatIsOnHold) {
    EXPECT_EQ(parse_versionlock("# Added lock on Mon\nlibhello-0:1.0-1.*\n\n"
                                "python3-long-name-2:1.0-1.fc38.*\n!shunned-0:1-1.*\nkernel*\n"),
              (Words{"libhello", "python3-long-name", "kernel*"}));
    EXPECT_EQ(parse_versionlock(":\n-:\n"), (Words{":", ""}));
}

TEST(ZypperLocks, NameWhatIsOnHold) {
    EXPECT_EQ(parse_zypper_locks("\ntype: package\nmatch_type: glob\ncase_sensitive: on\n"
                                 "solvable_name: hello\n\n\ntype: patch\nsolvable_name: fix\n\n"
                                 "type: package\nsolvable_name: kernel*\nversion: 1\n"),
              (Words{"hello", "kernel*"}));
    EXPECT_TRUE(parse_zypper_locks("").empty());
}

TEST(ZypperSummary, NamesWhatWouldComeAndGo) {
    const RpmSimulation simulation = parse_zypper_summary(R"(<?xml version='1.0'?>
<install-summary download-size="0" packages-to-change="4">
<to-install>
<solvable type="package" name="hello" edition="1.0-1" arch="noarch" summary="tiny hello">
<description>tiny hello</description></solvable>
</to-install>
<to-downgrade>
<solvable type="package" name="libhello" edition="1.0-1" arch="noarch"/>
</to-downgrade>
<to-remove>
<solvable type="package" name="rival" edition="1.0-1" arch="noarch"/>
<solvable type="pattern" name="base" edition="1.0-1" arch="noarch"/>
</to-remove>
</install-summary>
<solvable type="package" name="unasked"/>
)");
    EXPECT_EQ(simulation.changed, (Words{"hello", "libhello"}));
    EXPECT_EQ(simulation.lowered, Words{"libhello"});
    EXPECT_EQ(simulation.removed, Words{"rival"});
}

TEST(ZypperSearch, GivesWhatEnabledSourcesHave) {
    const auto priorities = parse_zypper_repos(
        "<repo alias=\"a\" name=\"v1\" type=\"rpm-md\" priority=\"90\" enabled=\"1\">\n"
        "<repo alias=\"b\" name=\"off\" type=\"rpm-md\" priority=\"1\" enabled=\"0\">\n");
    const auto offers = parse_zypper_search(
        "<solvable status=\"installed\" name=\"hello\" kind=\"package\" edition=\"0:2.0-1\" "
        "arch=\"noarch\" repository=\"v1\"/>\n"
        "<solvable status=\"installed\" name=\"hello\" edition=\"9-1\" "
        "arch=\"noarch\" repository=\"(System Packages)\"/>\n"
        "<solvable status=\"other-version\" name=\"hello\" edition=\"3-1\" "
        "arch=\"noarch\" repository=\"off\"/>\n<nonsense name=\"\n",
        priorities);
    ASSERT_EQ(offers.size(), 1u);
    EXPECT_EQ(offers[0].name, "hello");
    EXPECT_EQ(offers[0].version, "2.0-1");
    EXPECT_EQ(offers[0].architecture, "noarch");
    EXPECT_EQ(offers[0].priority, 90);
}

TEST(RpmTools, TellTheirProgressByTheLine) {
    EXPECT_EQ(
        make_dnf("dnf", "/tmp")->progress_in("  Installing       : hello-1.0-1.noarch      2/3 "),
        std::pair(2, 3));
    EXPECT_EQ(make_dnf("dnf", "/tmp")
                  ->progress_in("  Preparing        :                     1/1 ")
                  .second,
              0);
    EXPECT_EQ(make_dnf("dnf", "/tmp")->progress_in("Total size: 12 k").second, 0);
    EXPECT_EQ(make_zypper("/tmp")->progress_in("( 1/10) Installing: hello-1.0-1.noarch [.done]"),
              std::pair(1, 10));
    EXPECT_EQ(make_zypper("/tmp")->progress_in("(x) Installing").second, 0);
}

TEST(RpmSettings, AreListsThatMayGoOnInIndentedLines) {
    const std::string_view config =
        "[main]\n# installonlypkgs = no\ninstallonlypkgs_x=no\ninstallonlypkgs = kernel, "
        "kernel-rt\n\tinstallonlypkg(vm)\nbest=True\n  not this\n";
    EXPECT_EQ(setting_in(config, "installonlypkgs"),
              (Words{"kernel", "kernel-rt", "installonlypkg(vm)"}));
    EXPECT_TRUE(setting_in(config, "multiversion").empty());
    EXPECT_TRUE(setting_in("installonlypkgs", "installonlypkgs").empty());
}

struct Case {
    bool dnf;
    std::string_view output;
    ek_status status;
    std::string_view words;
};

TEST(RpmTools, BecomeTheCodeThatFits) {
    const Case cases[] = {
        {true, "No match for argument: nosuch-1.0\nError: Unable to find a match: nosuch-1.0\n",
         EK_E_NOT_FOUND, "cannot do it: No match for argument: nosuch-1.0"},
        {true,
         "(try to add '--skip-broken')\nError: \n Problem: conflicting requests\n"
         "  - nothing provides does-not-exist needed by needy-1.0-1.noarch\n",
         EK_E_CONFLICT,
         "cannot do it: - nothing provides does-not-exist needed by needy-1.0-1.noarch"},
        {true,
         "Error: \n Problem: package a requires b, but none of the providers can be installed\n"
         "  - package b-2.0-1.noarch is filtered out by exclude filtering\n",
         EK_E_CONFLICT,
         "cannot do it: - package b-2.0-1.noarch is filtered out by exclude filtering"},
        {true, "Error: \n Problem: The operation would result in removing protected packages: dnf",
         EK_E_DENIED,
         "cannot do it: The operation would result in removing protected packages: dnf"},
        {true, "Error: Something new\n", EK_E_INTERNAL, "cannot do it: Something new"},
        {false, "'nosuch=1.0' not found in package names.\nNo provider of 'nosuch=1.0' found.\n",
         EK_E_NOT_FOUND, "cannot do it: No provider of 'nosuch=1.0' found."},
        {false,
         "Problem: rival-1.0-1.noarch conflicts with libhello provided by libhello-1.0-1.noarch\n",
         EK_E_CONFLICT,
         "cannot do it: rival-1.0-1.noarch conflicts with libhello provided by "
         "libhello-1.0-1.noarch"},
        {true,
         "error: Failed dependencies:\n\tlibhello = 1.0-1 is needed by (installed) "
         "hello-1.0-1.noarch\n",
         EK_E_CONFLICT,
         "cannot do it: libhello = 1.0-1 is needed by (installed) hello-1.0-1.noarch"},
        {false, "error: %prein(failpre-1.0-1.noarch) scriptlet failed, exit status 1\n",
         EK_E_INTERNAL,
         "cannot do it: %prein(failpre-1.0-1.noarch) scriptlet failed, exit status 1"},
    };
    for (const Case& each : cases) {
        const auto tool = each.dnf ? make_dnf("dnf", "/tmp") : make_zypper("/tmp");
        const sdk::Failure failure = failure_in(each.output, tool->rules(), "do it");
        EXPECT_EQ(failure.status(), each.status) << each.output;
        EXPECT_EQ(failure.what(), each.words);
    }
}

}  // namespace
}  // namespace evenkeel::packages
