#include "plugins/packages/backend.hpp"

#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "tests/unit/core/temp_folder.hpp"
#include "tests/unit/plugins/packages/call.hpp"

namespace evenkeel::packages {
namespace {

class PackagesBackend : public testing::Test {
  protected:
    void put(const std::string& path) {
        const std::filesystem::path file = folder_ / path;
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file).flush();
    }
    std::string refusal() const {
        return failure_of([&] { choose_backend(folder_.path() + "/"); }, EK_E_UNAVAILABLE);
    }

    test::TempFolder folder_;
};

TEST_F(PackagesBackend, IsAptWhereDpkgHasItsDatabase) {
    put("var/lib/dpkg/status");
    put("usr/bin/dpkg");
    EXPECT_EQ(refusal(), "dpkg is in charge of this machine without apt-get");
    put("usr/bin/apt-get");
    EXPECT_NE(choose_backend(folder_.path() + "/"), nullptr);
}

TEST_F(PackagesBackend, SaysWhyThereIsNone) {
    EXPECT_EQ(refusal(), "no package manager was found: neither dpkg with apt-get nor rpm");
    put("usr/bin/dpkg");
    put("usr/bin/apt-get");
    put("var/lib/rpm/rpmdb.sqlite");
    EXPECT_EQ(refusal(), "rpm is in charge of this machine, and packages knows apt only");
}

}  // namespace
}  // namespace evenkeel::packages
