#include "plugins/packages/stamp.hpp"

#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

#include <gtest/gtest.h>

#include "plugins/packages/apt/candidates.hpp"
#include "plugins/packages/rpm/tool.hpp"
#include "tests/unit/core/temp_folder.hpp"

namespace evenkeel::packages {
namespace {

class PackagesStamp : public testing::Test {
  protected:
    // As an editor does that keeps the file: the folder it is in does not change.
    void write(const std::string& path, const std::string& text) {
        const std::filesystem::path file = folder_ / path;
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file) << text;
    }
    // Whether `stamp` shows that a file has been written in place, of the same size, and that it
    // has been removed; and is the same while nothing happens.
    void expect_seen(const std::string& path, const std::function<std::string()>& stamp) {
        write(path, "Pin-Priority: 100\n");
        const std::string before = stamp();
        EXPECT_EQ(stamp(), before) << path;
        // An older time is what a copy that keeps times leaves.
        write(path, "Pin-Priority: 900\n");
        std::filesystem::last_write_time(folder_ / path, std::filesystem::file_time_type::min());
        const std::string edited = stamp();
        EXPECT_NE(edited, before) << path << " was written in place";
        std::filesystem::remove(folder_ / path);
        EXPECT_NE(stamp(), edited) << path << " was removed";
    }

    test::TempFolder folder_;
};

TEST_F(PackagesStamp, OfAptShowsAFileThatIsEditedInPlace) {
    for (const char* path : {"etc/apt/preferences.d/pin", "etc/apt/sources.list.d/more.list",
                             "etc/apt/sources.list.d/more.sources", "etc/apt/apt.conf.d/99release",
                             "etc/apt/preferences", "etc/apt/sources.list", "etc/apt/apt.conf",
                             "var/lib/dpkg/arch", "var/lib/apt/lists/mirror_dists_v1_InRelease"})
        expect_seen(path, [&] { return offers_stamp(folder_.path() + "/"); });
}

TEST_F(PackagesStamp, OfDnfShowsAFileThatIsEditedInPlace) {
    const auto dnf = make_dnf("dnf", "/tmp");
    for (const char* path :
         {"etc/dnf/dnf.conf", "etc/dnf/vars/release", "etc/dnf/modules.d/a",
          "etc/yum.repos.d/base.repo", "etc/yum/vars/mirror", "etc/dnf/plugins/copr.conf",
          "etc/distro.repos.d/a.repo", "var/cache/dnf/base-1/repodata/repomd.xml"})
        expect_seen(path, [&] { return dnf->lists_stamp(folder_.path() + "/"); });
}

TEST_F(PackagesStamp, OfZypperShowsAFileThatIsEditedInPlace) {
    const auto zypper = make_zypper("/tmp");
    for (const char* path :
         {"etc/zypp/zypp.conf", "etc/zypp/zypper.conf", "etc/zypp/repos.d/base.repo",
          "etc/zypp/services.d/a.service", "etc/zypp/vars.d/release", "etc/products.d/a.prod",
          "var/cache/zypp/raw/base/repodata/repomd.xml"})
        expect_seen(path, [&] { return zypper->lists_stamp(folder_.path() + "/"); });
}

TEST_F(PackagesStamp, LooksThroughSymlinks) {
    write("real", "one");
    std::filesystem::create_directory(folder_ / "links");
    std::filesystem::create_symlink(folder_ / "real", folder_ / "links/name");
    std::filesystem::create_symlink(folder_ / "missing", folder_ / "links/dangling");
    const auto stamp = [&] { return stamp_of({folder_ / "links"}); };
    const std::string before = stamp();
    write("real", "one and more");
    EXPECT_NE(stamp(), before);
}

}  // namespace
}  // namespace evenkeel::packages
