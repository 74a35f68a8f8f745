#include "plugins/packages/backend.hpp"

#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "tests/unit/core/temp_folder.hpp"
#include "tests/unit/plugins/call_frame.hpp"

namespace evenkeel::packages {
namespace {

using test::failure_of;

class PackagesBackend : public testing::Test {
  protected:
    void put(const std::string& path, const std::string& text = "") {
        const std::filesystem::path file = folder_ / path;
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file) << text;
    }
    void put_dpkg() {
        for (const char* path : {"var/lib/dpkg/status", "usr/bin/dpkg", "usr/bin/apt-get"})
            put(path);
    }
    void put_rpm(const std::string& tool) {
        put("var/lib/rpm/rpmdb.sqlite");
        put("usr/bin/" + tool);
    }
    std::string chosen() const { return detect_backend(folder_.path() + "/"); }
    std::string refusal() const {
        return failure_of([&] { chosen(); }, EK_E_UNAVAILABLE);
    }

    test::TempFolder folder_;
};

TEST_F(PackagesBackend, IsThatOfTheDatabaseThatIsThere) {
    EXPECT_EQ(refusal(), "no package manager was found: neither a database of dpkg nor one of rpm");
    put("var/lib/dpkg/status");
    put("usr/bin/dpkg");
    EXPECT_EQ(refusal(), "dpkg is in charge of this machine without apt-get");
    put("usr/bin/apt-get");
    EXPECT_EQ(chosen(), "apt");
}

TEST_F(PackagesBackend, IsTheToolThatThereIsOnAMachineOfRpm) {
    put("usr/lib/sysimage/rpm/rpmdb.sqlite");
    EXPECT_EQ(refusal(), "rpm is in charge of this machine without dnf, yum or zypper");
    put("usr/bin/zypper");
    EXPECT_EQ(chosen(), "zypper");
    put("usr/bin/yum");
    EXPECT_EQ(chosen(), "yum");
    put("usr/bin/dnf");
    EXPECT_EQ(chosen(), "dnf");
    put("etc/os-release", "NAME=x\nID=\"opensuse-leap\"\nID_LIKE=\"suse opensuse\"\n");
    EXPECT_EQ(chosen(), "zypper");
}

TEST_F(PackagesBackend, IsNotThatOfAToolWhichIsOnlyInstalled) {
    put_dpkg();
    put_rpm("dnf");
    EXPECT_EQ(refusal(),
              "this machine has a database of dpkg and one of rpm, and says of itself neither");
    put("usr/lib/os-release", "ID=rocky\nID_LIKE='rhel centos fedora'\n");
    EXPECT_EQ(chosen(), "dnf");
    put("etc/os-release", "ID=mint\nID_LIKE=ubuntu\n");
    EXPECT_EQ(chosen(), "apt");
}

TEST_F(PackagesBackend, IsWhatTheConfigurationSays) {
    put_dpkg();
    put_rpm("dnf");
    const std::string root = folder_.path() + "/";
    EXPECT_EQ(choose_backend(root, {"apt"})->name(), "apt");
    EXPECT_EQ(failure_of([&] { choose_backend(root, {"zypper"}); }, EK_E_UNAVAILABLE),
              "the configuration says zypper, which is not on this machine");
}

}  // namespace
}  // namespace evenkeel::packages
