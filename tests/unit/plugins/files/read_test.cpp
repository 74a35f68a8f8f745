#include <algorithm>

#include <fcntl.h>
#include <gtest/gtest.h>

#include "core/base/file.hpp"
#include "tests/unit/plugins/bundled.hpp"

namespace evenkeel::plugin {
namespace {

class FilesRead : public Bundled {
  protected:
    FilesRead() : Bundled("files") {}
};

TEST_F(FilesRead, TellsManyAtOnceAndLeavesOutTheAbsent) {
    std::vector<std::string> ids;
    for (int i = 0; i < 500; ++i) {
        write("f" + std::to_string(i), std::to_string(i));
        ids.push_back(path("f" + std::to_string(i)));
    }
    ids.push_back(path("absent"));
    const auto items = collection_->read(ids, {});
    ASSERT_TRUE(items);
    EXPECT_EQ(items->size(), 500u);
    EXPECT_EQ(collection_->list(ids, {})->size(), 500u);
    EXPECT_TRUE(collection_->read({path("absent")}, {})->empty());
    EXPECT_TRUE(collection_->list({path("absent")}, {})->empty());
}

TEST_F(FilesRead, DoesNotListAWholeFileSystem) {
    EXPECT_EQ(collection_->list({}, {}).error().code, Errc::unsupported);
}

TEST_F(FilesRead, TellsTheOthersWhenOneCannotBeRead) {
    write("f", "x");
    std::filesystem::create_symlink(folder_.path(), path("theirs"));
    ASSERT_EQ(::lchown(path("theirs").c_str(), 1, 1), 0);
    const auto items = collection_->read({path("theirs/f"), path("f"), path("absent")}, {});
    ASSERT_TRUE(items) << items.error().what;
    ASSERT_EQ(items->size(), 2u);
    EXPECT_EQ(items->at(1).id, path("f"));
    EXPECT_FALSE(items->at(1).error);
    EXPECT_EQ(items->at(0).id, path("theirs/f"));
    ASSERT_TRUE(items->at(0).error);
    EXPECT_NE(items->at(0).error->what.find("is not followed"), std::string::npos);
}

TEST_F(FilesRead, TellsTheTimeOfTheLastWrite) {
    write("f", "x");
    const timespec times[2] = {{0, UTIME_OMIT}, {1'763'876'213, 120'999'999}};
    ASSERT_EQ(::utimensat(AT_FDCWD, path("f").c_str(), times, 0), 0);
    EXPECT_EQ(state("f")["mtime"], json::Value("2025-11-23T05:36:53.120Z"));
}

TEST_F(FilesRead, NamesAnOwnerWithoutANameByItsNumber) {
    write("f", "x");
    ASSERT_EQ(::chown(path("f").c_str(), 54321, 54322), 0);
    EXPECT_EQ(state("f")["owner"], json::Value("54321"));
    EXPECT_EQ(state("f")["gid"], json::Value(54322));
    EXPECT_EQ(drift("f", R"({"owner":"54321","group":"54322"})"), "");
}

TEST_F(FilesRead, ReadsWhatASymlinkSaysWhateverItsBytes) {
    ASSERT_EQ(::symlink("\xff bad", path("l").c_str()), 0);
    EXPECT_EQ(state("l")["target"], json::Value("\xef\xbf\xbd bad"));
}

TEST_F(FilesRead, HasItsManifestBesideItByteForByte) {
    const std::string manifest =
        read_file(std::string(BUNDLED_PLUGINS) + "/files.manifest.json").value();
    const std::string object =
        read_file(std::string(BUNDLED_PLUGINS) + "/files.so", 1u << 28).value();
    EXPECT_NE(object.find(manifest), object.npos);
}

}  // namespace
}  // namespace evenkeel::plugin
