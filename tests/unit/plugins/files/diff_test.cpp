#include "plugins/files/diff.hpp"

#include <string>

#include <gtest/gtest.h>

namespace evenkeel::files {
namespace {

std::string lines(int from, int to) {
    std::string text;
    for (int i = from; i <= to; ++i) text += std::to_string(i) + "\n";
    return text;
}

TEST(Diff, ShowsAChangeWithThreeLinesAround) {
    std::string after = lines(1, 20);
    after.replace(after.find("10\n"), 3, "ten\n");
    EXPECT_EQ(unified_diff(lines(1, 20), after),
              "@@ -7,7 +7,7 @@\n 7\n 8\n 9\n-10\n+ten\n 11\n 12\n 13\n");
}

TEST(Diff, PutsChangesNearEachOtherIntoOneHunk) {
    std::string after = lines(1, 30);
    after.replace(after.find("3\n"), 2, "three\n");
    after.replace(after.find("\n9\n") + 1, 2, "nine\n");
    after.replace(after.find("25\n"), 3, "");
    EXPECT_EQ(
        unified_diff(lines(1, 30), after),
        "@@ -1,12 +1,12 @@\n 1\n 2\n-3\n+three\n 4\n 5\n 6\n 7\n 8\n-9\n+nine\n 10\n 11\n 12\n"
        "@@ -22,7 +22,6 @@\n 22\n 23\n 24\n-25\n 26\n 27\n 28\n");
}

TEST(Diff, FindsTheShortestScript) {
    EXPECT_EQ(unified_diff("a\nb\nc\na\nb\nb\na\n", "c\nb\na\nb\na\nc\n"),
              "@@ -1,7 +1,6 @@\n-a\n-b\n c\n+b\n a\n b\n-b\n a\n+c\n");
}

TEST(Diff, SaysWhereTheLastLineDoesNotEnd) {
    EXPECT_EQ(unified_diff("a", "a\n"), "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n");
    EXPECT_EQ(unified_diff("", "a\n"), "@@ -0,0 +1 @@\n+a\n");
    EXPECT_EQ(unified_diff("a\n", ""), "@@ -1 +0,0 @@\n-a\n");
}

TEST(Diff, IsEmptyForWhatIsNoTextOrTooLong) {
    EXPECT_EQ(unified_diff("a\n", "a\n"), "");
    EXPECT_EQ(unified_diff(std::string("a\0", 2), "b\n"), "");
    EXPECT_EQ(unified_diff("\xff\n", "b\n"), "");
    EXPECT_EQ(unified_diff(lines(1, 9000), lines(10'001, 19'000)), "");
    EXPECT_NE(unified_diff(lines(1, 90'000), lines(2, 90'000)), "");
}

}  // namespace
}  // namespace evenkeel::files
