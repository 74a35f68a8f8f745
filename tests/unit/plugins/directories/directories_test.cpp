#include <gtest/gtest.h>

#include "tests/unit/core/plugin/recorded_hints.hpp"
#include "tests/unit/plugins/bundled.hpp"

namespace evenkeel::plugin {
namespace {

class Directories : public Bundled {
  protected:
    Directories() : Bundled("directories") {}
};

TEST_F(Directories, MakesMissingParentsRoots0755WhateverTheUmask) {
    ::umask(077);
    EXPECT_EQ(done("a/b/c", R"({"mode":"2770","group":"daemon"})", true),
              "/ensure planned;/group planned;/mode planned;");
    EXPECT_FALSE(exists("a"));
    EXPECT_EQ(done("a/b/c", R"({"mode":"2770","group":"daemon"})"),
              "/ensure done;/group done;/mode done;");
    EXPECT_EQ(info("a").st_mode & 07777, 0755u);
    EXPECT_EQ(info("a/b").st_mode & 07777, 0755u);
    EXPECT_EQ(info("a/b/c").st_mode & 07777, 02770u);
    EXPECT_EQ(info("a/b/c").st_gid, 1u);
    EXPECT_EQ(done("a/b/c", R"({"mode":"2770","group":"daemon"})"), "");
}

TEST_F(Directories, MakesANewOneRoots0755) {
    EXPECT_EQ(done("d", "{}"), "/ensure done;");
    EXPECT_EQ(info("d").st_mode, static_cast<mode_t>(S_IFDIR | 0755));
    EXPECT_EQ(state("d")["type"], json::Value("directory"));
    EXPECT_EQ(drift("d", R"({"mode":"0755","owner":"root"})"), "");
}

TEST_F(Directories, ChangesOnlyWhatIsDescribed) {
    std::filesystem::create_directory(path("d"));
    ASSERT_EQ(::chown(path("d").c_str(), 1, 2), 0);
    ASSERT_EQ(::chmod(path("d").c_str(), 01777), 0);
    EXPECT_EQ(drift("d", R"({"group":"root"})"), "/group;");
    EXPECT_EQ(done("d", R"({"group":"root"})"), "/group done;");
    EXPECT_EQ(info("d").st_uid, 1u);
    EXPECT_EQ(info("d").st_gid, 0u);
    EXPECT_EQ(info("d").st_mode & 07777, 01777u);
    const Applied applied = apply("d", R"({"owner":"0"})");
    EXPECT_EQ(applied.state, state("d"));
}

TEST_F(Directories, RemovesAnEmptyOneOnly) {
    std::filesystem::create_directories(path("d/e"));
    for (const bool dry_run : {true, false})
        EXPECT_EQ(told(remove("d", dry_run)),
                  "conflict: " + path("d") + " is not empty: remove what is in it first");
    EXPECT_EQ(told(remove("d/e", true)), "/ensure planned;");
    EXPECT_EQ(told(remove("d/e")), "/ensure done;");
    EXPECT_EQ(told(remove("d")), "/ensure done;");
    EXPECT_EQ(told(remove("d")), "");
    EXPECT_TRUE(state("d").is_null());
    EXPECT_TRUE(told(collection_->remove("/", false, {})).starts_with("denied: "));
}

TEST_F(Directories, ReplacesNothingElse) {
    write("f", "x");
    std::filesystem::create_symlink("/etc", path("l"));
    for (const char* name : {"f", "l"}) {
        EXPECT_TRUE(done(name, "{}").starts_with("conflict: ")) << name;
        EXPECT_TRUE(told(remove(name)).starts_with("conflict: ")) << name;
        EXPECT_EQ(drift(name, "{}"), "/type;");
    }
    EXPECT_TRUE(done("f/g", "{}").starts_with("conflict: " + path("f")));
    EXPECT_EQ(told(remove("f/g")), "");
}

TEST_F(Directories, RefusesSymlinksOnTheWayThatOthersCanTurn) {
    std::filesystem::create_symlink("/etc", path("theirs"));
    ASSERT_EQ(::lchown(path("theirs").c_str(), 1, 1), 0);
    EXPECT_TRUE(done("theirs/d", "{}").starts_with("denied: the symlink " + path("theirs")));
}

TEST_F(Directories, SaysWhichFieldIsWrong) {
    EXPECT_TRUE(done("d", R"({"owner":"no-such-user"})").ends_with("(/owner)"));
    EXPECT_TRUE(done("d", R"({"content":"x"})").starts_with("invalid: /content"));
    EXPECT_TRUE(done("d", R"({"type":"file"})").starts_with("invalid: /type"));
    EXPECT_FALSE(exists("d"));
}

TEST_F(Directories, KnowsTheRootDirectoryAsAnId) {
    EXPECT_TRUE(collection_->schema().accepts_key("/"));
    EXPECT_FALSE(collection_->schema().accepts_key("/etc/"));
    EXPECT_EQ(collection_->read({"/"}, {})->front().state["type"], json::Value("directory"));
}

TEST_F(Directories, HearsOfAttributesAndOfComingAndGoing) {
    RecordedHints heard;
    const auto watch = collection_->watch(heard.listener()).value();
    ASSERT_TRUE(watch->interest(path("d"), true));
    ASSERT_TRUE(watch->interest("/", true));
    std::filesystem::create_directory(path("d"));
    EXPECT_TRUE(heard.wait_for_id(path("d")));
    ::chmod(path("d").c_str(), 0700);
    EXPECT_TRUE(heard.wait_for_id(path("d")));
    std::filesystem::remove(path("d"));
    EXPECT_TRUE(heard.wait_for_id(path("d")));
}

}  // namespace
}  // namespace evenkeel::plugin
