#include "plugins/packages/messages.hpp"

#include <gtest/gtest.h>

#include "plugins/packages/apt/rules.hpp"

namespace evenkeel::packages {
namespace {

struct Case {
    std::string_view output;
    ek_status status;
    std::string_view words;
};

TEST(AptMessages, BecomeTheCodeThatFits) {
    const Case cases[] = {
        {"Reading package lists...\nE: Unable to locate package nope\n", EK_E_NOT_FOUND,
         "cannot do it: Unable to locate package nope"},
        {"E: Version '9' for 'hello' was not found\n", EK_E_NOT_FOUND,
         "cannot do it: Version '9' for 'hello' was not found"},
        {"The following packages have unmet dependencies:\n"
         " needy : Depends: does-not-exist but it is not installable\n"
         "E: Unable to correct problems, you have held broken packages.\n",
         EK_E_CONFLICT, "cannot do it: needy : Depends: does-not-exist but it is not installable"},
        {"E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 7 (apt-get)\n",
         EK_E_BUSY,
         "cannot do it: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 7 "
         "(apt-get)"},
        {"dpkg: error: dpkg frontend lock was locked by another process with pid 12\n", EK_E_BUSY,
         "cannot do it: dpkg frontend lock was locked by another process with pid 12"},
        {" trying to overwrite '/opt/x', which is also in package hello 1.0\nE: Sub-process\n",
         EK_E_CONFLICT,
         "cannot do it: trying to overwrite '/opt/x', which is also in package hello 1.0"},
        {"E: Packages need to be removed but remove is disabled.\n", EK_E_CONFLICT,
         "cannot do it: Packages need to be removed but remove is disabled."},
        {"E: Failed to fetch http://x/y  404  Not Found\n", EK_E_UNAVAILABLE,
         "cannot do it: Failed to fetch http://x/y 404 Not Found"},
        {"says why\ndpkg: error processing package failpost (--configure):\n"
         " installed failpost package post-installation script subprocess returned error exit "
         "status 1\nE: Sub-process /usr/bin/dpkg returned an error code (1)\n",
         EK_E_INTERNAL,
         "cannot do it: installed failpost package post-installation script subprocess returned "
         "error exit status 1"},
        {"E: Something new\n", EK_E_INTERNAL, "cannot do it: Something new"},
        {"Reading package lists...\n0 upgraded, 0 newly installed, 0 to remove and 0 not "
         "upgraded.\n",
         EK_E_INTERNAL, "cannot do it: the program gave no reason, and it is not done"},
    };
    for (const Case& each : cases) {
        const sdk::Failure failure = failure_in(each.output, apt_rules(), "do it");
        EXPECT_EQ(failure.status(), each.status) << each.output;
        EXPECT_EQ(failure.what(), each.words);
    }
}

TEST(AptMessages, KeepTheEndOfALongOutputInOneLine) {
    std::string output;
    for (int line = 0; line < 1000; ++line) output += "  line " + std::to_string(line) + "\n";
    const std::string tail = tail_of(output);
    EXPECT_LE(tail.size(), 2048u);
    EXPECT_EQ(tail.substr(0, 5), "line ");
    EXPECT_EQ(tail.substr(tail.size() - 19), "line 998 | line 999");
    EXPECT_EQ(tail_of("Reading package lists...\n\nE: bad\nE:   worse"), "bad | worse");
}

}  // namespace
}  // namespace evenkeel::packages
