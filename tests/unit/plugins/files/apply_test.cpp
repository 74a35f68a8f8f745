#include <atomic>
#include <thread>

#include <gtest/gtest.h>
#include <sys/xattr.h>

#include "plugins/files/replace.hpp"
#include "tests/unit/plugins/bundled.hpp"

namespace evenkeel::plugin {
namespace {

class FilesApply : public Bundled {
  protected:
    FilesApply() : Bundled("files") {}
};

TEST_F(FilesApply, MakesANewFileRootsAndReadableByAll) {
    EXPECT_EQ(done("f", R"({"content":"hello"})"), "/ensure done;/content done;");
    EXPECT_EQ(content("f"), "hello");
    EXPECT_EQ(info("f").st_mode, static_cast<mode_t>(S_IFREG | 0644));
    EXPECT_EQ(info("f").st_uid, 0u);
    EXPECT_EQ(entries(), 1u) << "no temporary file is left";
}

TEST_F(FilesApply, PlansExactlyWhatItDoesAndWritesNothing) {
    const std::string description = R"({"content":"new","mode":"0600","owner":"daemon"})";
    write("f", "old");
    const auto before = info("f");
    const Applied planned = apply("f", description, true);
    EXPECT_EQ(content("f"), "old");
    EXPECT_EQ(info("f").st_ctim.tv_nsec, before.st_ctim.tv_nsec);
    EXPECT_EQ(entries(), 1u);
    const Applied applied = apply("f", description);
    EXPECT_EQ(told(planned), "/content planned;/owner planned;/mode planned;");
    EXPECT_EQ(told(applied), "/content done;/owner done;/mode done;");
    for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_EQ(planned.changes[i].before, applied.changes[i].before);
        EXPECT_EQ(planned.changes[i].after, applied.changes[i].after);
    }
    EXPECT_EQ(done("f", description), "") << "a second apply finds nothing to do";
}

TEST_F(FilesApply, AnswersTheStateThatAReadGives) {
    const Applied applied = apply("f", R"({"content":"hello","mode":"0640"})");
    EXPECT_EQ(applied.state, state("f"));
    EXPECT_EQ(applied.state["size"], json::Value(5));
    EXPECT_EQ(applied.state["sha256"],
              json::Value("2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"));
    EXPECT_EQ(applied.state["mode"], json::Value("0640"));
    EXPECT_EQ(applied.state["owner"], json::Value("root"));
    EXPECT_EQ(applied.state["type"], json::Value("file"));
    EXPECT_EQ(applied.state.find("content"), nullptr);
}

TEST_F(FilesApply, KeepsWhatIsNotDescribedWhenItReplacesTheContent) {
    write("f", "old");
    ASSERT_EQ(::chown(path("f").c_str(), 1, 2), 0);
    ASSERT_EQ(::chmod(path("f").c_str(), 04751), 0);
    const bool attributes = ::setxattr(path("f").c_str(), "user.note", "kept", 4, 0) == 0;
    EXPECT_EQ(done("f", R"({"content":"new"})"), "/content done;");
    EXPECT_EQ(info("f").st_uid, 1u);
    EXPECT_EQ(info("f").st_gid, 2u);
    EXPECT_EQ(info("f").st_mode & 07777, 04751u);
    char value[8] = {};
    if (attributes) {
        EXPECT_EQ(::getxattr(path("f").c_str(), "user.note", value, sizeof(value)), 4);
    }
}

TEST_F(FilesApply, ReplacesTheFileAndNeverWritesIntoIt) {
    write("f", "old");
    const auto before = info("f");
    std::ifstream reader(path("f"));
    done("f", R"({"content":"new"})");
    EXPECT_NE(info("f").st_ino, before.st_ino);
    std::string line;
    std::getline(reader, line);
    EXPECT_EQ(line, "old") << "who has the old one open still reads it whole";
}

TEST_F(FilesApply, ChangesOwnerAndModeWithoutTouchingTheContent) {
    write("f", "old");
    const auto before = info("f");
    EXPECT_EQ(done("f", R"({"owner":"daemon","group":"3","mode":"0600"})"),
              "/owner done;/group done;/mode done;");
    EXPECT_EQ(info("f").st_ino, before.st_ino);
    EXPECT_EQ(info("f").st_uid, 1u);
    EXPECT_EQ(info("f").st_gid, 3u);
    EXPECT_EQ(info("f").st_mode & 07777, 0600u);
    EXPECT_EQ(done("f", R"({"owner":"1","mode":"0600"})"), "") << "a number is as good as a name";
    EXPECT_EQ(drift("f", R"({"owner":"1","group":"3","mode":"0600"})"), "");
}

TEST_F(FilesApply, ChangesTheModeOfAFileThatIsWrittenToAllTheTime) {
    write("log", "");
    std::atomic<bool> stop = false;
    std::thread writer([&] {
        for (std::ofstream log(path("log"), std::ios::app); !stop;) log << "line\n" << std::flush;
    });
    for (int i = 0; i < 20; ++i) {
        EXPECT_EQ(done("log", R"({"mode":"0600"})"), "/mode done;");
        EXPECT_EQ(done("log", R"({"mode":"0644"})"), "/mode done;");
    }
    stop = true;
    writer.join();
}

TEST_F(FilesApply, PutsBackTheSetuidBitThatANewOwnerClears) {
    for (const char* description : {R"({"owner":"daemon"})", R"({"owner":"bin","content":"x"})"}) {
        write("f", "old");
        ASSERT_EQ(::chmod(path("f").c_str(), 06755), 0);
        done("f", description);
        EXPECT_EQ(info("f").st_mode & 07777, 06755u) << description;
    }
}

TEST_F(FilesApply, MakesNoFileOfAnotherOneThatRunsAsRootAndSaysSo) {
    for (const char* description : {R"({"owner":"root"})", R"({"owner":"root","content":"x"})"}) {
        write("f", "old");
        ASSERT_EQ(::chown(path("f").c_str(), 1, 1), 0);
        ASSERT_EQ(::chmod(path("f").c_str(), 04755), 0);
        EXPECT_TRUE(done("f", description, true).ends_with("/owner planned;/mode planned;"));
        EXPECT_TRUE(done("f", description).ends_with("/owner done;/mode done;"));
        EXPECT_EQ(info("f").st_mode & 07777, 0755u) << description;
        EXPECT_EQ(done("f", description), "");
    }
    ASSERT_EQ(::chown(path("f").c_str(), 1, 1), 0);
    EXPECT_EQ(done("f", R"({"owner":"root","mode":"4755"})"), "/owner done;/mode done;");
    EXPECT_EQ(info("f").st_mode & 07777, 04755u) << "unless it is asked for";
}

TEST_F(FilesApply, TellsAContentChangeByDigestsAndADiff) {
    write("f", "a\nb\n");
    const Applied applied = apply("f", R"({"content":"a\nc\n"})");
    const wire::Change& change = applied.changes.at(0);
    EXPECT_EQ(change.before["size"], json::Value(4));
    EXPECT_EQ(change.after["diff"], json::Value("@@ -1,2 +1,2 @@\n a\n-b\n+c\n"));
    EXPECT_EQ(change.before.find("diff"), nullptr);
    write("f", std::string("\0\1", 2));
    EXPECT_EQ(apply("f", R"({"content":"a\n"})").changes.at(0).after.find("diff"), nullptr);
}

TEST_F(FilesApply, TellsNothingOfASensitiveFile) {
    write("f", "old secret\n");
    const Applied applied = apply("f", R"({"content":"new secret\n","sensitive":true})");
    const std::string all = json::write(wire::encode(applied.changes)) + json::write(applied.state);
    EXPECT_EQ(all.find("secret"), all.npos);
    EXPECT_EQ(all.find("sha256"), all.npos);
    EXPECT_NE(applied.changes.at(0).before.find("redacted"), nullptr);
    EXPECT_EQ(applied.changes.at(0).after, applied.state["content"]);
    EXPECT_EQ(drift("f", R"({"content":"new secret\n","sensitive":true})"), "");
    EXPECT_EQ(drift("f", R"({"content":"other","sensitive":true})"), "/content;");
}

TEST_F(FilesApply, WritesBytesThatAreNoText) {
    EXPECT_EQ(done("f", R"({"content_base64":"AP+A"})"), "/ensure done;/content done;");
    EXPECT_EQ(content("f"), std::string("\0\xff\x80", 3));
    EXPECT_EQ(drift("f", R"({"content_base64":"AP+A"})"), "");
}

TEST_F(FilesApply, MakesAndTurnsASymlink) {
    EXPECT_EQ(done("l", R"({"type":"symlink","target":"../a b"})"), "/ensure done;/target done;");
    EXPECT_EQ(state("l")["target"], json::Value("../a b"));
    EXPECT_EQ(state("l").find("mode"), nullptr);
    EXPECT_EQ(done("l", R"({"type":"symlink","target":"/x","owner":"daemon"})"),
              "/target done;/owner done;");
    EXPECT_EQ(info("l").st_uid, 1u);
    EXPECT_EQ(done("l", R"({"type":"symlink","owner":"root"})"), "/owner done;");
    EXPECT_EQ(std::filesystem::read_symlink(path("l")), "/x");
    EXPECT_EQ(entries(), 1u);
}

TEST_F(FilesApply, TurnsAFileIntoASymlinkAndBack) {
    write("f", "content");
    EXPECT_EQ(done("f", R"({"type":"symlink","target":"/x"})"),
              "/type done;/content done;/mode done;/target done;");
    EXPECT_EQ(drift("f", R"({"content":"hello"})"), "/type;/content;");
    const Applied back = apply("f", R"({"content":"hello"})");
    EXPECT_EQ(told(back), "/type done;/target done;/content done;/mode done;");
    EXPECT_EQ(back.changes.at(0).action, wire::Action::replace);
    EXPECT_EQ(content("f"), "hello");
    EXPECT_EQ(info("f").st_mode, static_cast<mode_t>(S_IFREG | 0644));
}

TEST_F(FilesApply, ClearsWhatACrashHasLeft) {
    const std::string left = files::temporary_name("f");
    write(left, "half");
    EXPECT_EQ(done("f", R"({"content":"whole"})"), "/ensure done;/content done;");
    EXPECT_FALSE(exists(left));
    EXPECT_EQ(content("f"), "whole");
}

TEST_F(FilesApply, WantsTheDirectoryToExistButPlansWithoutIt) {
    const std::string refused = done("no/such/f", R"({"content":"x"})");
    EXPECT_EQ(refused.rfind("not-found: the directory " + path("no/such"), 0), 0u) << refused;
    EXPECT_EQ(done("no/such/f", R"({"content":"x"})", true), "/ensure planned;/content planned;");
    EXPECT_FALSE(exists("no"));
}

TEST_F(FilesApply, RefusesToReplaceADirectoryOrAPipe) {
    std::filesystem::create_directory(path("d"));
    ASSERT_EQ(::mkfifo(path("p").c_str(), 0600), 0);
    for (const char* name : {"d", "p"}) {
        EXPECT_EQ(done(name, R"({"content":"x"})").rfind("conflict: ", 0), 0u) << name;
        EXPECT_EQ(told(remove(name)).rfind("conflict: ", 0), 0u) << name;
        EXPECT_EQ(drift(name, "{}"), "/type;");
        EXPECT_TRUE(exists(name));
    }
}

TEST_F(FilesApply, RemovesOnceAndIsContentTheSecondTime) {
    write("f", "x");
    EXPECT_EQ(told(remove("f", true)), "/ensure planned;");
    EXPECT_TRUE(exists("f"));
    EXPECT_EQ(told(remove("f")), "/ensure done;");
    EXPECT_FALSE(exists("f"));
    EXPECT_EQ(told(remove("f")), "");
    EXPECT_EQ(told(remove("no/such/f")), "");
}

TEST_F(FilesApply, RemovesTheSymlinkAndNotWhatItLeadsTo) {
    write("f", "x");
    std::filesystem::create_symlink(path("f"), path("l"));
    EXPECT_EQ(told(remove("l")), "/ensure done;");
    EXPECT_TRUE(exists("f"));
}

TEST_F(FilesApply, LeavesTheFileAloneWhenTheCallIsCancelled) {
    write("f", "old");
    CancelSource cancel;
    cancel.cancel();
    Call call;
    call.cancel = &cancel;
    const Applied applied =
        collection_->apply(path("f"), json::parse(R"({"content":"new"})").value(), false, call);
    EXPECT_EQ(applied.error->code, Errc::cancelled);
    EXPECT_EQ(content("f"), "old");
    EXPECT_EQ(entries(), 1u);
}

}  // namespace
}  // namespace evenkeel::plugin
