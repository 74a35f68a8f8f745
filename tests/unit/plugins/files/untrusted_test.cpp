#include <fcntl.h>
#include <gtest/gtest.h>

#include "plugins/files/replace.hpp"
#include "tests/unit/plugins/acl.hpp"
#include "tests/unit/plugins/bundled.hpp"

// Directories that others can write: what lies there under a name was put there by a stranger.
namespace evenkeel::plugin {
namespace {

constexpr uid_t kNobody = 65534;

class FilesUntrusted : public Bundled {
  protected:
    FilesUntrusted() : Bundled("files") {}
    void SetUp() override {
        Bundled::SetUp();
        std::filesystem::create_directory(path("theirs"));
        ASSERT_EQ(::chown(path("theirs").c_str(), kNobody, kNobody), 0);
    }
    // A file of this user's.
    void make(const std::string& name, const std::string& bytes, uid_t uid, mode_t mode) {
        write(name, bytes);
        ASSERT_EQ(::chown(path(name).c_str(), uid, uid), 0);
        ASSERT_EQ(::chmod(path(name).c_str(), mode), 0);
    }
    // Refused by the plan and by the apply, and left as it was.
    void expect_conflict(const std::string& name, const std::string& description,
                         const std::string& why) {
        const auto before = info(name);
        for (const bool dry_run : {true, false}) {
            const std::string refused = done(name, description, dry_run);
            EXPECT_TRUE(refused.starts_with("conflict: " + path(name))) << refused;
            EXPECT_NE(refused.find(why), refused.npos) << refused;
        }
        EXPECT_EQ(info(name).st_uid, before.st_uid);
        EXPECT_EQ(info(name).st_mode, before.st_mode);
    }
};

TEST_F(FilesUntrusted, DoesNotHandOverASecretThatWasMovedToTheName) {
    make("theirs/secret", "root's", 0, 0600);
    std::filesystem::rename(path("theirs/secret"), path("theirs/pub"));
    expect_conflict("theirs/pub", R"({"owner":"nobody"})", "it belongs to root");
    expect_conflict("theirs/pub", R"({"mode":"0644"})", "it belongs to root");
    expect_conflict("theirs/pub", R"({"group":"nogroup"})", "it belongs to root");
}

TEST_F(FilesUntrusted, DoesNotHandOverThatOfAThirdUser) {
    make("theirs/pub", "daemon's", 1, 0600);
    expect_conflict("theirs/pub", R"({"owner":"nobody"})", "it belongs to another user");
    expect_conflict("theirs/pub", R"({"mode":"0644"})", "it belongs to another user");
}

TEST_F(FilesUntrusted, LooksAtEveryDirectoryOnTheWay) {
    std::filesystem::create_directory(path("theirs/moved"));
    make("theirs/moved/f", "root's", 0, 0600);
    expect_conflict("theirs/moved/f", R"({"mode":"0644"})", "it belongs to root");
}

TEST_F(FilesUntrusted, DoesNotHandOverWhatLiesWhereAGroupOrAnAclLetsOthersWrite) {
    std::filesystem::create_directory(path("group"));
    ASSERT_EQ(::chmod(path("group").c_str(), 0775), 0);
    std::filesystem::create_directory(path("acl"));
    ASSERT_TRUE(test::grant(path("acl"), kNobody, 7));
    std::filesystem::create_directory(path("sticky"));
    ASSERT_EQ(::chmod(path("sticky").c_str(), 01777), 0);
    for (const std::string folder : {"group", "acl", "sticky"}) {
        make(folder + "/f", "root's", 0, 0600);
        expect_conflict(folder + "/f", R"({"owner":"nobody"})", "it belongs to root");
    }
}

TEST_F(FilesUntrusted, TakesOverWhatTheDescribedOwnerCanHaveMade) {
    make("theirs/f", "x", kNobody, 0600);
    EXPECT_EQ(done("theirs/f", R"({"owner":"nobody","mode":"0640"})"), "/mode done;");
    EXPECT_EQ(done("theirs/f", R"({"mode":"0600"})"), "/mode done;");
    EXPECT_EQ(done("theirs/f", R"({"content":"y"})"), "/content done;");
    EXPECT_EQ(info("theirs/f").st_uid, kNobody) << "what is not described is kept";
    EXPECT_EQ(info("theirs/f").st_mode & 07777, 0600u);
}

TEST_F(FilesUntrusted, DoesNotTakeOverWhatHasASecondName) {
    make("theirs/other", "x", kNobody, 0600);
    std::filesystem::create_hard_link(path("theirs/other"), path("theirs/f"));
    expect_conflict("theirs/f", R"({"owner":"nobody","mode":"0644"})", "more than one name");
}

TEST_F(FilesUntrusted, DoesNotTakeOverWhatAnAclOpens) {
    make("theirs/f", "x", kNobody, 0600);
    ASSERT_TRUE(test::grant(path("theirs/f"), 1, 6));
    expect_conflict("theirs/f", R"({"owner":"nobody","mode":"0660"})", "its ACL grants more");
}

TEST_F(FilesUntrusted, PutsAFreshFileWhereTheStrangersWas) {
    const std::string secret = R"({"content":"secret","sensitive":true,"owner":"root",)"
                               R"("mode":"0600"})";
    make("theirs/f", "mine", kNobody, 0600);
    ASSERT_TRUE(test::grant(path("theirs/f"), kNobody, 6));
    std::ifstream reader(path("theirs/f"));
    const auto before = info("theirs/f");
    EXPECT_EQ(done("theirs/f", secret), "/content done;/owner done;/group done;/mode done;");
    EXPECT_NE(info("theirs/f").st_ino, before.st_ino) << "who had it open has the old one";
    EXPECT_FALSE(test::has_acl(path("theirs/f")));
    EXPECT_EQ(info("theirs/f").st_uid, 0u);
    EXPECT_EQ(info("theirs/f").st_gid, 0u);
    EXPECT_EQ(info("theirs/f").st_mode & 07777, 0600u);
    EXPECT_EQ(done("theirs/f", secret), "");
    EXPECT_EQ(drift("theirs/f", secret), "");
}

TEST_F(FilesUntrusted, PutsAFreshFileAlsoForADifferenceOfAttributes) {
    const std::string described = R"({"content":"same","owner":"root","mode":"0600"})";
    make("theirs/f", "same", kNobody, 0600);
    std::fstream held(path("theirs/f"));
    const auto before = info("theirs/f");
    EXPECT_EQ(done("theirs/f", described), "/owner done;/group done;");
    EXPECT_NE(info("theirs/f").st_ino, before.st_ino);
    held << "changed" << std::flush;
    EXPECT_EQ(content("theirs/f"), "same");
    EXPECT_EQ(done("theirs/f", described), "");
}

TEST_F(FilesUntrusted, GivesASecretNoOwnerThatNobodyDescribed) {
    make("theirs/f", "mine", kNobody, 0600);
    done("theirs/f", R"({"content":"secret","sensitive":true,"mode":"0600"})");
    EXPECT_EQ(info("theirs/f").st_uid, 0u);
}

TEST_F(FilesUntrusted, HandsDownNoAclOfTheDirectory) {
    ASSERT_TRUE(test::grant_below(path("theirs"), kNobody, 6));
    EXPECT_EQ(done("theirs/f", R"({"content":"secret","mode":"0640"})"),
              "/ensure done;/content done;/mode done;");
    EXPECT_FALSE(test::has_acl(path("theirs/f")));
    ASSERT_TRUE(test::grant_below(folder_.path(), kNobody, 6));
    EXPECT_EQ(done("g", R"({"content":"secret"})"), "/ensure done;/content done;");
    EXPECT_FALSE(test::has_acl(path("g")));
}

TEST_F(FilesUntrusted, TakesAnAclThatGrantsMoreThanTheModeForDrift) {
    const std::string described = R"({"content":"x","mode":"0660"})";
    make("f", "x", 0, 0600);
    ASSERT_TRUE(test::grant(path("f"), kNobody, 6));
    EXPECT_EQ(state("f")["acl"], json::parse(R"(["user:nobody:rw-"])").value());
    EXPECT_EQ(drift("f", described), "/acl;");
    EXPECT_EQ(drift("f", R"({"content":"x"})"), "") << "only a described mode says who reads it";
    EXPECT_EQ(done("f", described, true), "/acl planned;");
    EXPECT_EQ(done("f", described), "/acl done;");
    EXPECT_FALSE(test::has_acl(path("f")));
    EXPECT_EQ(info("f").st_mode & 07777, 0660u);
    EXPECT_EQ(drift("f", described), "");
    EXPECT_EQ(done("f", described), "");
}

TEST_F(FilesUntrusted, SeesAnAclThatADescribedModeWouldBringToLife) {
    make("f", "x", 0, 0600);
    ASSERT_TRUE(test::grant(path("f"), kNobody, 6));
    ASSERT_EQ(::chmod(path("f").c_str(), 0600), 0);  // the mask shuts it out
    EXPECT_EQ(state("f").find("acl"), nullptr);
    EXPECT_EQ(done("f", R"({"mode":"0640"})"), "/mode done;/acl done;");
    EXPECT_FALSE(test::has_acl(path("f")));
}

TEST_F(FilesUntrusted, KeepsAnAclThatNobodyDescribesWithTheContent) {
    make("f", "old", 0, 0600);
    ASSERT_TRUE(test::grant(path("f"), kNobody, 4));
    EXPECT_EQ(done("f", R"({"content":"new"})"), "/content done;");
    EXPECT_TRUE(test::has_acl(path("f")));
    EXPECT_EQ(done("f", R"({"content":"newer","mode":"0640"})"), "/content done;/acl done;");
    EXPECT_FALSE(test::has_acl(path("f")));
}

TEST_F(FilesUntrusted, ShowsNothingOfWhatAStrangerLinkedOrMovedToTheName) {
    make("precious", "root's secret line\n", 0, 0600);
    std::filesystem::create_hard_link(path("precious"), path("theirs/linked"));
    make("theirs/moved", "root's secret line\n", 0, 0600);
    for (const char* name : {"theirs/linked", "theirs/moved"}) {
        const Applied planned = apply(name, R"({"content":"public\n","owner":"nobody"})", true);
        const std::string all = json::write(wire::encode(planned.changes));
        EXPECT_EQ(all.find("secret line"), all.npos) << all;
        EXPECT_EQ(all.find("diff"), all.npos) << all;
    }
    EXPECT_EQ(state("theirs/linked").find("sha256"), nullptr);
    EXPECT_EQ(done("theirs/linked", R"({"content":"public\n","owner":"nobody"})", true),
              "/content planned;/owner planned;/mode planned;/links planned;");
    done("theirs/linked", R"({"content":"public\n","owner":"nobody"})");
    EXPECT_EQ(content("precious"), "root's secret line\n");
    EXPECT_EQ(info("precious").st_uid, 0u);
}

// What a stranger can do between two of our calls.
TEST_F(FilesUntrusted, GivesOnlyItsOwnSymlinkAway) {
    make("theirs/swapped", "root's", 0, 0600);
    std::filesystem::create_symlink("/x", path("theirs/link"));
    const sdk::Fd folder(::open(path("theirs").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    const posix::Ownership nobody{kNobody, kNobody, std::nullopt};
    const auto give = [&](const char* name, bool is_ours) {
        files::set_symlink_owner(folder.get(), name, name, nobody,
                                 [&](const struct stat&) { return is_ours; });
    };
    EXPECT_THROW(give("swapped", true), sdk::Failure);
    EXPECT_THROW(give("link", false), sdk::Failure);
    EXPECT_EQ(info("theirs/swapped").st_uid, 0u);
    EXPECT_EQ(info("theirs/link").st_uid, 0u);
    give("link", true);
    EXPECT_EQ(info("theirs/link").st_uid, kNobody);
}

}  // namespace
}  // namespace evenkeel::plugin
