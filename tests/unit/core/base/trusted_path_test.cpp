#include "core/base/trusted_path.hpp"

#include <fstream>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/core/temp_folder.hpp"

namespace evenkeel {
namespace {

class TrustedPath : public testing::Test {
  protected:
    TrustedPath() {
        ::mkdir(folder_.c_str(), 0755);
        ::mkdir((folder_ + "/inner").c_str(), 0755);
        std::ofstream(file_) << "{}";
        ::chmod(file_.c_str(), 0644);
    }
    std::string why(const std::string& path) {
        const auto trusted = require_trusted(path);
        return trusted ? "" : trusted.error().what;
    }

    test::TempFolder temp_;
    std::string folder_ = temp_.path() + "/outer";
    std::string file_ = folder_ + "/inner/config.json";
};

TEST_F(TrustedPath, OwnPathsAreTrusted) {
    EXPECT_EQ(why(file_), "");
    EXPECT_EQ(why(folder_ + "/inner/"), "");
}

TEST_F(TrustedPath, WhatIsNotThereYetCountsByItsFolders) {
    EXPECT_EQ(why(folder_ + "/new/deeper"), "");
    ::chmod(folder_.c_str(), 0777);
    EXPECT_EQ(why(folder_ + "/new/deeper"),
              folder_ + " can be written by others than its owner: chmod go-w it if you trust it");
}

TEST_F(TrustedPath, AFileThatOthersCanWriteIsNamed) {
    ::chmod(file_.c_str(), 0666);
    EXPECT_EQ(why(file_), file_ +
                              " can be written by others than its owner: chmod go-w it if you "
                              "trust it");
}

TEST_F(TrustedPath, AFolderAboveThatOthersCanWriteIsNamed) {
    ::chmod(folder_.c_str(), 0777);
    EXPECT_NE(why(file_).find(folder_ + " can be written"), std::string::npos);
}

TEST_F(TrustedPath, AStickyFolderMayBeAboveButNotAtTheEnd) {
    ::chmod(folder_.c_str(), 01777);
    EXPECT_EQ(why(file_), "");
    EXPECT_NE(why(folder_), "");
}

TEST_F(TrustedPath, WhereASymlinkLeadsIsLookedAtToo) {
    const std::string link = temp_.path() + "/link";
    ASSERT_EQ(::symlink(file_.c_str(), link.c_str()), 0);
    EXPECT_EQ(why(link), "");
    ::chmod(folder_.c_str(), 0777);
    EXPECT_NE(why(link), "");
}

TEST_F(TrustedPath, RootDoesNotTrustWhatBelongsToAnother) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
    ASSERT_EQ(::chown(folder_.c_str(), 65534, 65534), 0);
    EXPECT_EQ(why(file_), folder_ +
                              " belongs to user 65534 and not to root: chown it to root if you "
                              "trust it");
}

}  // namespace
}  // namespace evenkeel
