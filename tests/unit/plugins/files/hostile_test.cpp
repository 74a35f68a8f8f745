#include <gtest/gtest.h>

#include "tests/unit/plugins/bundled.hpp"

// What comes from people who mean harm, and from people who mistype.
namespace evenkeel::plugin {
namespace {

class FilesHostile : public Bundled {
  protected:
    FilesHostile() : Bundled("files") {}
    std::string with_id(const std::string& id) {
        return told(collection_->apply(id, json::parse(R"({"content":"x"})").value(), false, {}));
    }
};

TEST_F(FilesHostile, NamesTheCanonicalPath) {
    EXPECT_NE(with_id("//tmp/./a/../b/").find("write \"/tmp/b\""), std::string::npos);
    for (const char* id : {"relative", "", "/tmp/", "/a/..", "/a//b", "/./a", "/"})
        EXPECT_TRUE(with_id(id).starts_with("invalid: ") || with_id(id).starts_with("conflict: "))
            << id << ": " << with_id(id);
    EXPECT_TRUE(with_id(std::string("/tmp/a\0b", 8)).starts_with("invalid: "));
    EXPECT_TRUE(with_id("/" + std::string(256, 'a')).starts_with("invalid: "));
}

TEST_F(FilesHostile, ItsKeyPatternSaysTheSame) {
    for (const char* good : {"/a", "/a/b", "/.a", "/..a", "/...", "/a/.b.", "/a b\n"})
        EXPECT_TRUE(collection_->schema().accepts_key(good)) << good;
    for (const char* bad : {"", "a", "/", "/a/", "//a", "/a//b", "/.", "/..", "/a/.", "/../a"})
        EXPECT_FALSE(collection_->schema().accepts_key(bad)) << bad;
}

TEST_F(FilesHostile, SaysWhichFieldIsWrong) {
    const std::pair<const char*, const char*> cases[] = {
        {R"({"owner":"no-such-user"})", "there is no user \"no-such-user\" (/owner)"},
        {R"({"group":"no-such-group"})", "there is no group \"no-such-group\" (/group)"},
        {R"({"content":"a","content_base64":"AA=="})", "/content_base64"},
        {R"({"content_base64":"A"})", "/content_base64"},
        {R"({"target":"/x"})", "/target"},
        {R"({"type":"symlink"})", "/target"},
        {R"({"type":"symlink","target":"x","mode":"0644"})", "/mode"},
        {R"({"type":"symlink","target":"x","content":"c"})", "/content"},
        {R"({"type":"symlink","target":"a\u0000b"})", "/target"},
        {R"({"type":"directory"})", "/type"},
        {R"({"mode":"644"})", "/mode"},
        {R"({"mode":"0888"})", "/mode"},
        {R"({"owner":""})", "/owner"},
        {R"({"ensure":"present"})", "/ensure"},
        {R"({"size":4})", "/size"},
        {R"({"content":null})", "/content"}};
    for (const auto& [description, words] : cases) {
        const std::string refused = done("f", description);
        EXPECT_TRUE(refused.starts_with("invalid: ")) << description << ": " << refused;
        EXPECT_NE(refused.find(words), refused.npos) << description << ": " << refused;
    }
    EXPECT_EQ(entries(), 0u);
}

TEST_F(FilesHostile, FollowsRootsOwnSymlinksOnTheWay) {
    std::filesystem::create_directory(path("real"));
    std::filesystem::create_symlink("real", path("link"));
    std::filesystem::create_symlink(path("link"), path("again"));
    EXPECT_EQ(done("again/f", R"({"content":"x"})"), "/ensure done;/content done;");
    EXPECT_EQ(content("real/f"), "x");
}

TEST_F(FilesHostile, RefusesSymlinksThatOthersCanTurn) {
    std::filesystem::create_directory(path("real"));
    std::filesystem::create_directory(path("open"));
    std::filesystem::create_symlink(path("real"), path("open/link"));
    ASSERT_EQ(::chmod(path("open").c_str(), 01777), 0);
    std::filesystem::create_symlink(path("real"), path("theirs"));
    ASSERT_EQ(::lchown(path("theirs").c_str(), 1, 1), 0);
    for (const char* link : {"open/link", "theirs"}) {
        const std::string file = std::string(link) + "/f";
        const std::string refused = done(file, R"({"content":"x"})");
        EXPECT_TRUE(refused.starts_with("denied: the symlink " + path(link))) << refused;
        EXPECT_TRUE(told(remove(file)).starts_with("denied: "));
    }
    EXPECT_FALSE(exists("real/f"));
}

TEST_F(FilesHostile, EndsInALoopOfSymlinks) {
    std::filesystem::create_symlink("b", path("a"));
    std::filesystem::create_symlink("a", path("b"));
    EXPECT_TRUE(done("a/f", "{}").starts_with("invalid: too many symlinks"));
}

TEST_F(FilesHostile, NeverWritesThroughASymlinkAtTheEnd) {
    write("precious", "old");
    std::filesystem::create_symlink(path("precious"), path("f"));
    EXPECT_EQ(done("f", R"({"content":"new"})"),
              "/type done;/target done;/content done;/mode done;");
    EXPECT_EQ(content("precious"), "old");
    EXPECT_EQ(content("f"), "new");
}

TEST_F(FilesHostile, DoesNotChangeAFileOfAnotherThroughAHardLink) {
    write("precious", "root's");
    std::filesystem::create_directory(path("theirs"));
    ASSERT_EQ(::chown(path("theirs").c_str(), 1, 1), 0);
    std::filesystem::create_hard_link(path("precious"), path("theirs/f"));
    EXPECT_TRUE(done("theirs/f", R"({"owner":"daemon"})").starts_with("conflict: "));
    EXPECT_EQ(info("precious").st_uid, 0u);
}

TEST_F(FilesHostile, TakesAFileOnTheWayForAConflict) {
    write("f", "x");
    EXPECT_TRUE(done("f/g", "{}").starts_with("conflict: " + path("f") + " is on the way"));
    EXPECT_TRUE(done("f/g", "{}", true).starts_with("conflict: "));
    EXPECT_EQ(told(remove("f/g")), "");
    EXPECT_TRUE(state("f/g").is_null());
}

}  // namespace
}  // namespace evenkeel::plugin
