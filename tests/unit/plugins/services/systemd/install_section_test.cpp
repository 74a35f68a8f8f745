#include "plugins/services/systemd/install_section.hpp"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <unistd.h>

namespace evenkeel::services {
namespace {

using Names = std::set<std::string>;

class Installing : public testing::Test {
  protected:
    Installing() {
        std::string pattern = testing::TempDir() + "install.XXXXXX";
        root_ = ::mkdtemp(pattern.data());
        std::filesystem::create_directories(root_ + "/etc");
        folders_ = {root_ + "/etc", root_ + "/usr"};
    }
    ~Installing() override { std::filesystem::remove_all(root_); }

    void write(const std::string& name, const std::string& text) {
        const std::string path = root_ + "/" + name;
        std::filesystem::create_directories(std::filesystem::path(path).parent_path());
        std::ofstream(path) << text;
    }
    void link(const std::string& name, const std::string& target) {
        const std::string path = root_ + "/etc/" + name;
        std::filesystem::create_directories(std::filesystem::path(path).parent_path());
        std::filesystem::create_symlink(target, path);
    }
    Names links_now(const Names& units) const { return names(links_of(units, root_ + "/etc")); }
    Names links_then(const std::string& unit) const {
        return names(links_after_enable(unit, folders_, root_ + "/etc"));
    }

    std::string root_;
    UnitPath folders_;

  private:
    Names names(const Names& paths) const {
        Names found;
        for (const std::string& path : paths) found.insert(path.substr(root_.size() + 5));
        return found;
    }
};

TEST_F(Installing, ReadsTheSectionWithItsDropInsAndSpecifiers) {
    write("usr/a-b@.service",
          "[Unit]\nWantedBy=no.target\n[Install]\n# WantedBy=no.target\nWantedBy=x.target \\\n"
          " y-%i.target\nAlias=%p-%j.service\nAlso=%N.socket\n");
    write("etc/a-b@c.service.d/more.conf", "[Install]\nRequiredBy=z%%.target\n");
    const InstallSection section = InstallSection::of("a-b@c.service", folders_);
    EXPECT_EQ(section.links,
              (Names{"x.target.wants/a-b@c.service", "y-c.target.wants/a-b@c.service",
                     "a-b-b.service", "z%.target.requires/a-b@c.service"}));
    EXPECT_EQ(section.also, Names{"a-b@c.socket"});
}

TEST_F(Installing, BringsOtherUnitsAlong) {
    write("usr/a.service", "[Install]\nAlso=b.service gone.service\n");
    write("usr/b.service", "[Install]\nWantedBy=x.target\nAlso=a.service\n");
    EXPECT_FALSE(InstallSection::of("a.service", folders_).links_itself());
    EXPECT_EQ(with_also("a.service", folders_), (Names{"a.service", "b.service"}));
    EXPECT_EQ(links_then("a.service"), Names{"x.target.wants/b.service"});
}

TEST_F(Installing, FindsAllLinksOfAUnitAndOfItsOtherNames) {
    link("x.target.wants/a.service", "/usr/lib/systemd/system/a.service");
    link("y.target.wants/nick.service", "/usr/lib/systemd/system/a.service");
    link("nick.service", "/usr/lib/systemd/system/a.service");
    link("z.target.wants/nick.service", "../nick.service");
    link("x.target.wants/b.service", "/usr/lib/systemd/system/b.service");
    EXPECT_EQ(links_now({"a.service"}),
              (Names{"x.target.wants/a.service", "y.target.wants/nick.service", "nick.service",
                     "z.target.wants/nick.service"}));
    link("m.service", "/dev/null");
    EXPECT_EQ(links_now({"m.service"}), Names{});
}

TEST_F(Installing, LooksBehindAMask) {
    write("usr/a.service", "[Install]\nWantedBy=x.target\n");
    link("a.service", "/dev/null");
    EXPECT_EQ(links_then("a.service"), Names{"x.target.wants/a.service"});
}

}  // namespace
}  // namespace evenkeel::services
