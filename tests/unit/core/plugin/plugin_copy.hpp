#pragma once

#include <filesystem>
#include <string>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "core/base/file.hpp"
#include "core/crypto/hash.hpp"
#include "core/plugin/load.hpp"
#include "tests/unit/core/plugin/loaded.hpp"
#include "tests/unit/core/temp_folder.hpp"

namespace evenkeel::plugin {

// A copy of the test plugin "memory" to break in one way.
class PluginCopy : public testing::Test {
  protected:
    void SetUp() override { lay_out(); }
    void lay_out() {
        ::chmod(folder().c_str(), 0755);
        for (const char* file : {"memory.so", "memory.manifest.json", "memory.sum.json"}) {
            std::filesystem::remove_all(path(file));
            std::filesystem::copy_file(std::string(TEST_PLUGINS) + "/" + file, path(file));
        }
    }
    std::string folder() { return folder_.path(); }
    std::string path(const std::string& file) { return folder() + "/" + file; }
    void replace(const std::string& file, const std::string& from, const std::string& to) {
        std::string text = read_file(path(file)).value();
        const std::size_t at = text.find(from);
        ASSERT_NE(at, text.npos);
        text.replace(at, from.size(), to);
        ASSERT_TRUE(write_file(path(file), text, 0644));
    }
    void sum_again() {
        const std::string object = read_file(path("memory.so"), 1u << 28).value();
        const std::string manifest = read_file(path("memory.manifest.json")).value();
        const std::string sums = "{\"sha256\":{\"memory.so\":\"" + crypto::sha256_hex(object) +
                                 "\",\"memory.manifest.json\":\"" + crypto::sha256_hex(manifest) +
                                 "\"}}";
        ASSERT_TRUE(write_file(path("memory.sum.json"), sums, 0644));
    }
    std::string refusal(const LoadOptions& options = test_options()) {
        const auto loaded = load({folder()}, "memory", options);
        return loaded ? "it was loaded" : loaded.error().what;
    }
    void expect_refusal(const std::string& words) {
        const std::string sentence = refusal();
        EXPECT_NE(sentence.find(words), sentence.npos) << sentence;
    }

    test::TempFolder folder_;
};

}  // namespace evenkeel::plugin
