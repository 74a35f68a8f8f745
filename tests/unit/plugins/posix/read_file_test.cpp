#include "plugins/posix/read_file.hpp"

#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/core/temp_folder.hpp"
#include "tests/unit/plugins/call_frame.hpp"

namespace evenkeel::posix {
namespace {

using test::failure_of;

TEST(ReadFile, GivesAllOfARegularFileThroughLinks) {
    const test::TempFolder folder;
    const std::string text(200'000, 'x');
    std::ofstream(folder / "file") << text;
    ASSERT_EQ(::symlink("file", (folder / "link").c_str()), 0);
    EXPECT_EQ(read_file(folder / "link", text.size()), text);
    EXPECT_EQ(read_file(folder / "missing", 1), std::nullopt);
}

TEST(ReadFile, RefusesWhatIsTooLarge) {
    const test::TempFolder folder;
    std::ofstream(folder / "file") << "four";
    EXPECT_EQ(failure_of([&] { read_file(folder / "file", 3); }, EK_E_UNAVAILABLE),
              folder / "file" + " is larger than 3 bytes");
}

TEST(ReadFile, DoesNotWaitForAPipeAndTakesNoBytesOfADevice) {
    const test::TempFolder folder;
    ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
    EXPECT_EQ(read_file(folder / "pipe", 1000), std::nullopt);
    EXPECT_EQ(read_file("/dev/zero", 1000), std::nullopt);
    EXPECT_EQ(read_file(folder.path(), 1000), std::nullopt);
}

}  // namespace
}  // namespace evenkeel::posix
