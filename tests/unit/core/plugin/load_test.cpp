#include <filesystem>
#include <string>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/file.hpp"
#include "core/plugin/collection.hpp"
#include "tests/unit/core/plugin/loaded.hpp"
#include "tests/unit/core/plugin/plugin_copy.hpp"

namespace evenkeel::plugin {
namespace {

class Load : public PluginCopy {};

TEST_F(Load, OpensEveryCollectionOfAPlugin) {
    const auto loaded = load({"/nowhere", folder()}, "memory", test_options());
    ASSERT_TRUE(loaded) << loaded.error().what;
    ASSERT_EQ(loaded->size(), 2u);
    EXPECT_EQ(loaded->front()->name(), "memory");
    EXPECT_EQ(loaded->front()->plugin(), "memory 1.2.3");
    EXPECT_EQ(loaded->front()->schema_version(), 2u);
    EXPECT_EQ(loaded->front()->actions(),
              (std::vector<std::string>{"tamper", "drop", "overflow", "rescan", "stir"}));
}

TEST_F(Load, NamesTheFoldersThatLackIt) {
    const auto loaded = load({folder()}, "cron", test_options());
    ASSERT_FALSE(loaded);
    EXPECT_EQ(loaded.error().code, Errc::not_found);
    EXPECT_NE(loaded.error().what.find(folder()), std::string::npos);
    EXPECT_NE(loaded.error().what.find("--plugin-dir"), std::string::npos);
}

TEST_F(Load, RefusesNamesThatArePaths) {
    for (const char* name : {"../memory", "a/b", "", "Memory", "a.b"})
        EXPECT_EQ(load({folder()}, name, test_options()).error().code, Errc::invalid) << name;
}

TEST_F(Load, RefusesWhatOthersCanWrite) {
    for (const char* file : {"memory.so", "memory.manifest.json", "memory.sum.json"}) {
        ::chmod(path(file).c_str(), 0664);
        expect_refusal("chmod go-w");
        ::chmod(path(file).c_str(), 0644);
    }
    ::chmod(folder().c_str(), 0777);
    expect_refusal(folder() + " can be written by others");
}

TEST_F(Load, RefusesFilesThatAreNotRootsUnlessTheyAreOurOwn) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can give files away";
    ASSERT_EQ(::chown(path("memory.so").c_str(), 1234, 0), 0);
    expect_refusal("chown it to root");
}

TEST_F(Load, RefusesASymlinkInPlaceOfTheObject) {
    std::filesystem::rename(path("memory.so"), path("elsewhere.so"));
    std::filesystem::create_symlink(path("elsewhere.so"), path("memory.so"));
    expect_refusal("is a symlink");
}

TEST_F(Load, RefusesAnObjectThatIsNotTheOneThatWasSummed) {
    std::filesystem::copy_file(std::string(TEST_PLUGINS) + "/throws.so", path("memory.so"),
                               std::filesystem::copy_options::overwrite_existing);
    expect_refusal("install or build the plugin again");
}

TEST_F(Load, RefusesAManifestThatDiffersFromTheOneInside) {
    replace("memory.manifest.json", "\"network\": false", "\"network\": true");
    expect_refusal("install or build the plugin again");
    sum_again();
    expect_refusal("the manifest inside differs");
}

TEST_F(Load, RefusesAnotherAbiBeforeAnyOfItsCodeRuns) {
    replace("memory.manifest.json", "{\"major\": 1", "{\"major\": 2");
    sum_again();
    expect_refusal("is built for ABI 2 and this agent speaks 1");
}

TEST_F(Load, RefusesABrokenManifestAndAMissingSumFile) {
    std::filesystem::remove(path("memory.sum.json"));
    expect_refusal("memory.sum.json");
    ASSERT_TRUE(write_file(path("memory.manifest.json"), "{", 0644));
    expect_refusal("is no plugin manifest");
}

TEST_F(Load, KeepsAReplacedObjectOutOfAProcessThatHasLoadedIt) {
    ASSERT_TRUE(load({folder()}, "memory", test_options()));
    const std::string object = read_file(path("memory.so"), 1u << 28).value();
    std::filesystem::remove(path("memory.so"));
    ASSERT_TRUE(write_file(path("memory.so"), object + "newer", 0644));
    sum_again();
    if (!test_isolation()) return expect_refusal("restart the agent");
    EXPECT_TRUE(load({folder()}, "memory", test_options())) << "in a new process";
}

TEST_F(Load, GivesEachPluginAFolderOfItsOwn) {
    LoadOptions options = test_options();
    options.data_dir = path("data");
    ASSERT_TRUE(load({folder()}, "memory", options));
    struct stat info {};
    ASSERT_EQ(::stat(path("data/memory").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777, 0700u);
}

// In C++, and in C.
class Template : public testing::TestWithParam<const char*> {};

TEST_P(Template, WorksAsItIs) {
    const test::TempFolder data;
    LoadOptions options = test_options();
    options.data_dir = data.path();
    auto loaded = load({TEMPLATE_PLUGIN}, GetParam(), options);
    ASSERT_TRUE(loaded) << loaded.error().what;
    Collection& notes = *loaded->front();
    const json::Value description = value(R"({"text":"milk"})");
    const auto planned = notes.apply("one", description, true, {});
    EXPECT_TRUE(notes.read({"one"}, {})->empty());
    const auto applied = notes.apply("one", description, false, {});
    ASSERT_FALSE(applied.error) << applied.error->what;
    EXPECT_EQ(planned.changes.size(), applied.changes.size());
    EXPECT_TRUE(notes.apply("one", description, false, {}).changes.empty());
    EXPECT_EQ(notes.list({}, {})->size(), 1u);
    EXPECT_TRUE(notes.compare("one", description, applied.state)->empty());
    EXPECT_EQ(notes.remove("one", false, {}).changes.size(), 1u);
    EXPECT_TRUE(notes.remove("one", false, {}).changes.empty());
    EXPECT_TRUE(notes.read({"one"}, {})->empty());
}

INSTANTIATE_TEST_SUITE_P(Both, Template, testing::Values("notes", "notes_c"),
                         [](const auto& of) { return std::string(of.param); });

TEST_F(Load, ListsThePluginsThatHaveAManifest) {
    ASSERT_TRUE(write_file(path("aaa.manifest.json"), "{}", 0644));
    EXPECT_EQ(available({folder(), "/nowhere", folder()}),
              (std::vector<std::string>{"aaa", "memory"}));
}

}  // namespace
}  // namespace evenkeel::plugin
