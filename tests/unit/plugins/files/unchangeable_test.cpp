#include <gtest/gtest.h>

#include "tests/unit/plugins/bundled.hpp"
#include "tests/unit/plugins/private_mounts.hpp"

// What the system would refuse is refused by the plan already, with the same words.
namespace evenkeel::plugin {
namespace {

class FilesUnchangeable : public Bundled {
  protected:
    FilesUnchangeable() : Bundled("files") {}
    // The plan says what the apply says, and nothing is changed.
    void expect_refused(const std::string& name, const std::string& description,
                        const std::string& beginning, const std::string& words) {
        const std::string planned = done(name, description, true);
        EXPECT_TRUE(planned.starts_with(beginning)) << planned;
        EXPECT_NE(planned.find(words), planned.npos) << planned;
        EXPECT_EQ(done(name, description), planned);
    }
    void expect_not_removed(const std::string& name, const std::string& beginning) {
        for (const bool dry_run : {true, false})
            EXPECT_TRUE(told(remove(name, dry_run)).starts_with(beginning));
        EXPECT_TRUE(exists(name));
    }
    test::PrivateMounts mounts_;
};

TEST_F(FilesUnchangeable, AMountPointIsNotReplacedButItsOwnerAndModeAreSet) {
    write("source", "old");
    write("f", "below");
    mounts_.bind(path("source"), path("f"));
    expect_refused("f", R"({"content":"new"})", "conflict: ", "is a mount point");
    expect_refused("f", R"({"type":"symlink","target":"/x"})", "conflict: ", "is a mount point");
    expect_not_removed("f", "conflict: ");
    EXPECT_EQ(content("f"), "old");
    EXPECT_EQ(done("f", R"({"content":"old","mode":"0600"})"), "/mode done;");
    EXPECT_EQ(info("source").st_mode & 07777, 0600u);
    EXPECT_EQ(entries(), 2u);
}

TEST_F(FilesUnchangeable, AReadOnlyFileSystem) {
    std::filesystem::create_directory(path("ro"));
    write("ro/f", "old");
    mounts_.bind_read_only(path("ro"), path("ro"));
    for (const char* description : {R"({"content":"new"})", R"({"mode":"0600"})"})
        expect_refused("ro/f", description, "denied: ", "mounted read-only");
    expect_refused("ro/g", R"({"content":"new"})", "denied: ", "mounted read-only");
    expect_not_removed("ro/f", "denied: ");
    EXPECT_EQ(done("ro/f", R"({"content":"old"})"), "") << "what is as described needs no change";
}

TEST_F(FilesUnchangeable, AReadOnlyFileThatIsMountedAlone) {
    write("source", "old");
    write("f", "below");
    mounts_.bind_read_only(path("source"), path("f"));
    expect_refused("f", R"({"mode":"0600"})", "denied: ", "mounted read-only");
}

TEST_F(FilesUnchangeable, AnImmutableFileAndOneThatIsOnlyAppendedTo) {
    for (const auto& [flag, words] :
         {std::pair(FS_IMMUTABLE_FL, "is immutable"), std::pair(FS_APPEND_FL, "is append-only")}) {
        write("f", "old");
        const test::Flag held(path("f"), flag);
        for (const char* description :
             {R"({"content":"new"})", R"({"mode":"0600"})", R"({"owner":"daemon"})"})
            expect_refused("f", description, "denied: ", words);
        expect_not_removed("f", "denied: ");
        EXPECT_EQ(done("f", R"({"content":"old"})"), "");
    }
}

TEST_F(FilesUnchangeable, AnImmutableDirectory) {
    std::filesystem::create_directory(path("d"));
    write("d/f", "old");
    const test::Flag held(path("d"), FS_IMMUTABLE_FL);
    expect_refused("d/f", R"({"content":"new"})", "denied: ", "the directory of");
    expect_refused("d/g", R"({"content":"new"})", "denied: ", "the directory of");
    EXPECT_EQ(done("d/f", R"({"mode":"0600"})"), "/mode done;") << "the file itself is not";
}

}  // namespace
}  // namespace evenkeel::plugin
