#include <gtest/gtest.h>

#include "tests/unit/plugins/acl.hpp"
#include "tests/unit/plugins/bundled.hpp"

// Directories in directories that others can write.
namespace evenkeel::plugin {
namespace {

constexpr uid_t kNobody = 65534;

class DirectoriesUntrusted : public Bundled {
  protected:
    DirectoriesUntrusted() : Bundled("directories") {}
    void SetUp() override {
        Bundled::SetUp();
        make("theirs", kNobody, 0755);
    }
    void make(const std::string& name, uid_t uid, mode_t mode) {
        std::filesystem::create_directory(path(name));
        ASSERT_EQ(::chown(path(name).c_str(), uid, uid), 0);
        ASSERT_EQ(::chmod(path(name).c_str(), mode), 0);
    }
    void expect_conflict(const std::string& name, const std::string& description) {
        const auto before = info(name);
        for (const bool dry_run : {true, false})
            EXPECT_TRUE(done(name, description, dry_run).starts_with("conflict: " + path(name)))
                << done(name, description, true);
        EXPECT_EQ(info(name).st_uid, before.st_uid);
        EXPECT_EQ(info(name).st_mode, before.st_mode);
    }
};

TEST_F(DirectoriesUntrusted, DoesNotHandOverOneThatWasMovedToTheName) {
    make("theirs/secret", 0, 0700);
    std::filesystem::rename(path("theirs/secret"), path("theirs/pub"));
    expect_conflict("theirs/pub", R"({"owner":"nobody"})");
    expect_conflict("theirs/pub", R"({"mode":"0755"})");
    make("theirs/daemons", 1, 0700);
    expect_conflict("theirs/daemons", R"({"owner":"nobody"})");
}

TEST_F(DirectoriesUntrusted, TakesOverWhatTheDescribedOwnerCanHaveMade) {
    make("theirs/d", kNobody, 0755);
    EXPECT_EQ(done("theirs/d", R"({"owner":"nobody","mode":"0700"})"), "/mode done;");
    EXPECT_EQ(done("theirs/d", R"({"owner":"nobody","mode":"0700"})"), "");
}

TEST_F(DirectoriesUntrusted, DoesNotTakeOverWhatAnAclOpens) {
    make("theirs/d", kNobody, 0700);
    ASSERT_TRUE(test::grant(path("theirs/d"), 1, 7));
    expect_conflict("theirs/d", R"({"owner":"nobody","mode":"0770"})");
    make("theirs/e", kNobody, 0700);
    ASSERT_TRUE(test::grant_below(path("theirs/e"), 1, 7));
    expect_conflict("theirs/e", R"({"owner":"nobody","mode":"0770"})");
}

TEST_F(DirectoriesUntrusted, TakesAnAclThatGrantsMoreThanTheModeForDrift) {
    make("d", 0, 0700);
    ASSERT_TRUE(test::grant(path("d"), kNobody, 7));
    EXPECT_EQ(drift("d", R"({"mode":"0770"})"), "/acl;");
    EXPECT_EQ(done("d", R"({"mode":"0770"})"), "/acl done;");
    EXPECT_EQ(info("d").st_mode & 07777, 0770u);
    EXPECT_FALSE(test::has_acl(path("d")));
    EXPECT_EQ(drift("d", R"({"mode":"0770"})"), "");
}

TEST_F(DirectoriesUntrusted, InheritsNeitherGroupNorAcl) {
    make("shared", 0, 0755);
    ASSERT_EQ(::chown(path("shared").c_str(), 0, 1), 0);
    ASSERT_EQ(::chmod(path("shared").c_str(), 02775), 0);
    ASSERT_TRUE(test::grant_below(path("shared"), kNobody, 7));
    EXPECT_EQ(done("shared/parent/d", "{}"), "/ensure done;");
    for (const char* name : {"shared/parent", "shared/parent/d"}) {
        EXPECT_EQ(info(name).st_gid, 0u) << name;
        EXPECT_EQ(info(name).st_mode & 07777, 0755u) << name;
        EXPECT_FALSE(test::has_acl(path(name))) << name;
        EXPECT_LT(::lgetxattr(path(name).c_str(), "system.posix_acl_default", nullptr, 0), 0);
    }
}

}  // namespace
}  // namespace evenkeel::plugin
