#include "plugins/services/systemd/unit_files.hpp"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <unistd.h>

namespace evenkeel::services {
namespace {

constexpr std::uint64_t kAfterAll = UINT64_MAX;

class UnitFiles : public testing::Test {
  protected:
    UnitFiles() {
        std::string pattern = testing::TempDir() + "units.XXXXXX";
        root_ = ::mkdtemp(pattern.data());
        folders_ = {root_ + "/etc", root_ + "/usr"};
        for (const std::string& folder : folders_) std::filesystem::create_directories(folder);
    }
    ~UnitFiles() override { std::filesystem::remove_all(root_); }

    std::string write(const std::string& name) {
        const std::string path = root_ + "/" + name;
        std::filesystem::create_directories(std::filesystem::path(path).parent_path());
        std::ofstream(path) << "x\n";
        return path;
    }
    bool differs(const std::string& fragment, const std::vector<std::string>& drop_ins,
                 std::uint64_t loaded_us = kAfterAll) const {
        return differs_on_disk({{"a.service"}, fragment, drop_ins, loaded_us}, folders_);
    }

    std::string root_;
    UnitPath folders_;
};

TEST_F(UnitFiles, AreThoseOfTheFirstFolder) {
    EXPECT_EQ(fragment_on_disk("a.service", folders_), "");
    const std::string vendor = write("usr/a.service");
    EXPECT_EQ(fragment_on_disk("a.service", folders_), vendor);
    const std::string own = write("etc/a.service");
    EXPECT_EQ(fragment_on_disk("a.service", folders_), own);
    const std::string of_all = write("usr/b@.service");
    EXPECT_EQ(fragment_on_disk("b@x.service", folders_), of_all);
    std::filesystem::create_symlink(of_all, root_ + "/etc/c.service");
    EXPECT_EQ(fragment_on_disk("c.service", folders_), of_all);
}

TEST_F(UnitFiles, HaveDropInsOfTheirOwnTheirTemplatesTheirPrefixesAndTheirType) {
    const std::vector<std::string> all{
        write("etc/a-b@c.service.d/1.conf"), write("usr/a-b@.service.d/2.conf"),
        write("etc/a-.service.d/3.conf"), write("usr/service.d/4.conf")};
    write("etc/a-b@.service.d/1.conf");  // outweighed by the instance's own
    write("etc/a-b@c.service.d/5.txt");
    EXPECT_EQ(drop_ins_on_disk({"a-b@c.service"}, folders_), all);
    EXPECT_EQ(drop_ins_on_disk({"x.service"}, folders_), (std::vector<std::string>{all[3]}));
}

TEST_F(UnitFiles, DifferWhenAFileOutweighsAnotherComesOrGoes) {
    const std::string vendor = write("usr/a.service");
    EXPECT_FALSE(differs(vendor, {}));
    const std::string drop_in = write("etc/a.service.d/x.conf");
    EXPECT_TRUE(differs(vendor, {}));
    EXPECT_FALSE(differs(vendor, {drop_in}));
    std::filesystem::remove(drop_in);
    EXPECT_TRUE(differs(vendor, {drop_in}));
    EXPECT_FALSE(differs(vendor, {}));
    write("etc/a.service");
    EXPECT_TRUE(differs(vendor, {}));
}

TEST_F(UnitFiles, DifferWhenTheyWereChangedSinceTheyWereLoadedWhateverTheirTime) {
    const std::string vendor = write("usr/a.service");
    std::filesystem::last_write_time(vendor, std::filesystem::file_time_type::min());
    EXPECT_TRUE(differs(vendor, {}, 1));
    EXPECT_FALSE(differs(vendor, {}));
}

TEST_F(UnitFiles, OfAMaskDoNotDiffer) {
    std::filesystem::create_symlink("/dev/null", root_ + "/etc/a.service");
    EXPECT_FALSE(differs(root_ + "/etc/a.service", {}, 1));
}

}  // namespace
}  // namespace evenkeel::services
