#pragma once

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/text.hpp"
#include "core/plugin/collection.hpp"
#include "core/plugin/load.hpp"
#include "tests/unit/core/temp_folder.hpp"

namespace evenkeel::plugin {

// A bundled plugin, loaded as the agent loads it, and a folder to let it work in. Needs root, as
// the agent does.
class Bundled : public testing::Test {
  protected:
    explicit Bundled(const char* name) {
        LoadOptions options;
        options.accept_own_user = true;
        options.data_dir = data_.path();
        options.fingerprint = [](const std::string& bytes) {
            return "print" + std::to_string(std::hash<std::string>()(bytes));
        };
        auto loaded = load({BUNDLED_PLUGINS}, name, options);
        EXPECT_TRUE(loaded) << loaded.error().what;
        if (loaded) collection_ = std::move(loaded->front());
        ::umask(022);
    }
    void SetUp() override {
        ASSERT_NE(collection_, nullptr);
        if (::geteuid() != 0) GTEST_SKIP() << "needs root";
    }

    std::string path(const std::string& name) const { return folder_ / name; }
    void write(const std::string& name, const std::string& content) {
        std::ofstream(path(name), std::ios::binary) << content;
    }
    std::string content(const std::string& name) const {
        std::ostringstream text;
        text << std::ifstream(path(name), std::ios::binary).rdbuf();
        return text.str();
    }
    struct stat info(const std::string& name) const {
        struct stat info {};
        ::lstat(path(name).c_str(), &info);
        return info;
    }
    bool exists(const std::string& name) const {
        struct stat info {};
        return ::lstat(path(name).c_str(), &info) == 0;
    }
    std::size_t entries() const {
        std::filesystem::directory_iterator begin(folder_.path()), end;
        return static_cast<std::size_t>(std::distance(begin, end));
    }

    Applied apply(const std::string& name, const std::string& description, bool dry_run = false) {
        return collection_->apply(path(name), json::parse(description).value(), dry_run, {});
    }
    Applied remove(const std::string& name, bool dry_run = false) {
        return collection_->remove(path(name), dry_run, {});
    }
    // Applies and hands back "path outcome;" of each change, or the error.
    std::string done(const std::string& name, const std::string& description,
                     bool dry_run = false) {
        return told(apply(name, description, dry_run));
    }
    static std::string told(const Applied& applied) {
        if (applied.error)
            return std::string(to_string(applied.error->code)) + ": " + applied.error->what;
        std::string all;
        for (const wire::Change& change : applied.changes)
            all += change.path + " " + std::string(to_string(change.outcome)) + ";";
        return all;
    }
    // The state, or null.
    json::Value state(const std::string& name) {
        auto items = collection_->read({path(name)}, {});
        EXPECT_TRUE(items) << items.error().what;
        return !items || items->empty() ? json::Value() : items->front().state;
    }
    std::string drift(const std::string& name, const std::string& description) {
        std::string all;
        const auto fields =
            collection_->compare(path(name), json::parse(description).value(), state(name));
        for (const auto& field : fields.value()) all += field.path + ";";
        return all;
    }

    test::TempFolder folder_;
    test::TempFolder data_;
    std::unique_ptr<Collection> collection_;
};

}  // namespace evenkeel::plugin
