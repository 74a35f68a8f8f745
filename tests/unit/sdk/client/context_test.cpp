#include "sdk/client/cpp/context.hpp"

#include <cstdlib>
#include <filesystem>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "core/base/file.hpp"
#include "core/base/id.hpp"

namespace evenkeel::client {
namespace {

class ContextTest : public ::testing::Test {
  protected:
    void SetUp() override {
        folder_ = std::filesystem::temp_directory_path() / make_id("context");
        path_ = folder_ / "ek/config.json";
        ASSERT_TRUE(make_folder(folder_.string(), 0700));
        ASSERT_EQ(::setenv("XDG_CONFIG_HOME", folder_.c_str(), 1), 0);
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    std::filesystem::path folder_;
    std::string path_;
};

TEST_F(ContextTest, ReadsBackWhatWasSaved) {
    const Contexts saved{"prod",
                         {{"prod", {"https://a", "/t", "/ca"}}, {"lab", {"http://b", "", ""}}}};
    ASSERT_TRUE(save_contexts(path_, saved));
    const auto loaded = load_contexts(path_);
    ASSERT_TRUE(loaded);
    EXPECT_EQ(loaded->current, "prod");
    EXPECT_EQ(loaded->by_name.at("prod").token_file, "/t");
    EXPECT_EQ(loaded->by_name.at("lab").ca_file, "");
    struct stat status {};
    ASSERT_EQ(::stat(path_.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0600u);
}

TEST_F(ContextTest, NoFileIsNoContexts) {
    const auto loaded = load_contexts(path_);
    ASSERT_TRUE(loaded);
    EXPECT_TRUE(loaded->by_name.empty());
}

TEST_F(ContextTest, IsRefusedWhenOthersCanReadOrWriteIt) {
    ASSERT_TRUE(save_contexts(path_, {}));
    for (const mode_t mode : {0640u, 0604u, 0620u, 0601u}) {
        ASSERT_EQ(::chmod(path_.c_str(), mode), 0);
        const auto loaded = load_contexts(path_);
        ASSERT_FALSE(loaded) << mode;
        EXPECT_NE(loaded.error().detail.find(path_), std::string::npos);
    }
}

TEST_F(ContextTest, GivesAProgramItsConfiguration) {
    const std::string token = (folder_ / "token").string();
    ASSERT_TRUE(write_file(token, "secret\n", 0600));
    ASSERT_TRUE(save_contexts(path_, {"prod", {{"prod", {"http://127.0.0.1:1", token, ""}}}}));
    const auto config = config_from_context();
    ASSERT_TRUE(config) << config.error().text();
    EXPECT_EQ(config->url, "http://127.0.0.1:1");
    EXPECT_EQ(config->token, "secret");
    EXPECT_FALSE(config_from_context("none"));
}

TEST_F(ContextTest, IgnoresARelativeXdgFolder) {
    ASSERT_EQ(::setenv("XDG_CONFIG_HOME", "relative", 1), 0);
    ASSERT_EQ(::setenv("HOME", "/home/x", 1), 0);
    EXPECT_EQ(contexts_path(), "/home/x/.config/ek/config.json");
}

}  // namespace
}  // namespace evenkeel::client
