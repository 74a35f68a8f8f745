#include "core/base/file.hpp"

#include <filesystem>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/unit/core/temp_folder.hpp"

namespace evenkeel {
namespace {

mode_t mode_of(const std::string& path) {
    struct stat info = {};
    EXPECT_EQ(::stat(path.c_str(), &info), 0) << path;
    return info.st_mode & 07777;
}

TEST(File, ReadsBackWhatWasWritten) {
    const test::TempFolder folder;
    const std::string content("a\0b\n", 4);
    ASSERT_TRUE(write_file(folder / "x", content, 0600));
    EXPECT_EQ(read_file(folder / "x").value(), content);
    EXPECT_EQ(mode_of(folder / "x"), 0600U);
}

TEST(File, WritesTheModeWhateverTheUmaskSays) {
    const test::TempFolder folder;
    const mode_t before = ::umask(077);
    const auto written = write_file(folder / "x", "", 0644);
    ::umask(before);
    ASSERT_TRUE(written);
    EXPECT_EQ(mode_of(folder / "x"), 0644U);
}

TEST(File, ReplacesInOneStepAndLeavesNothingBeside) {
    const test::TempFolder folder;
    ASSERT_TRUE(write_file(folder / "x", "old", 0600));
    const int old = ::open((folder / "x").c_str(), O_RDONLY | O_CLOEXEC);
    const Fd reader(old);
    ASSERT_TRUE(write_file(folder / "x", "new", 0600));
    char text[4] = {};
    EXPECT_EQ(::read(old, text, 3), 3);
    EXPECT_STREQ(text, "old");
    const std::filesystem::directory_iterator all(folder.path());
    EXPECT_EQ(std::distance(begin(all), end(all)), 1);
}

TEST(File, ReadingStopsAtTheLimit) {
    const test::TempFolder folder;
    ASSERT_TRUE(write_file(folder / "x", std::string(100, 'a'), 0600));
    EXPECT_EQ(read_file(folder / "x", 100)->size(), 100U);
    EXPECT_EQ(read_file(folder / "x", 99).error().code, Errc::limit);
    EXPECT_EQ(read_file("/dev/zero", 1 << 20).error().code, Errc::limit);
}

TEST(File, ErrorsNameThePath) {
    const test::TempFolder folder;
    const auto missing = read_file(folder / "missing");
    EXPECT_EQ(missing.error().code, Errc::not_found);
    EXPECT_NE(missing.error().what.find("missing"), std::string::npos);
    EXPECT_FALSE(write_file(folder / "no/such/place", "", 0600));
}

TEST(Folder, IsMadeWithItsParentsAndKeptWhenThere) {
    const test::TempFolder folder;
    ASSERT_TRUE(make_folder(folder / "a/b/c", 0700));
    EXPECT_EQ(mode_of(folder / "a/b/c"), 0700U);
    ASSERT_TRUE(make_folder(folder / "a/b/c", 0755));
    EXPECT_EQ(mode_of(folder / "a/b/c"), 0700U);
    ASSERT_TRUE(write_file(folder / "file", "", 0600));
    EXPECT_FALSE(make_folder(folder / "file", 0700));
}

TEST(Lock, IsHeldOnceAndGivenBack) {
    const test::TempFolder folder;
    auto first = lock_file(folder / "lock");
    ASSERT_TRUE(first);
    EXPECT_EQ(lock_file(folder / "lock").error().code, Errc::busy);
    first->reset();
    EXPECT_TRUE(lock_file(folder / "lock"));
    EXPECT_EQ(mode_of(folder / "lock"), 0600U);
}

}  // namespace
}  // namespace evenkeel
