#pragma once

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <string>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "core/plugin/remote/remote_plugin.hpp"
#include "tests/support/wait.hpp"
#include "tests/unit/core/plugin/loaded.hpp"
#include "tests/unit/core/temp_folder.hpp"

namespace evenkeel::plugin {

using namespace std::chrono_literals;

// A test of plugins in processes of their own.
class Remote : public testing::Test {
  protected:
    Remote() {
        isolation_.program = PLUGIN_HOST;
        isolation_.grace = 2s;
        isolation_.on_held = [this](const std::string& plugin, const std::string& why) {
            const std::lock_guard lock(mutex_);
            held_ = plugin + ": " + why;
        };
    }
    // What is said of a plugin that does harm when it is loaded.
    std::string refusal_of(const std::string& plugin) {
        LoadOptions options = test_options();
        options.isolation = isolation_;
        const auto loaded = load({TEST_PLUGINS "/hostile"}, plugin, options);
        return loaded ? "it is loaded" : loaded.error().what;
    }
    std::unique_ptr<Collection> open(const std::string& plugin) {
        LoadOptions options = test_options();
        options.isolation = isolation_;
        options.data_dir = data_dir_;
        options.accept_own_user = !as_others_;
        auto loaded = load({TEST_PLUGINS}, plugin, options);
        if (loaded) return std::move(loaded->front());
        ADD_FAILURE() << loaded.error().what;
        return nullptr;
    }
    static Applied apply(Collection& collection, const std::string& text,
                         const std::string& id = "one") {
        return collection.apply(id, json::Object{{"text", text}}, false, {});
    }
    // What the error says; empty: there is none.
    static std::string error_of(Collection& collection, const std::string& text,
                                const std::string& id = "one") {
        const Applied applied = apply(collection, text, id);
        return applied.error ? applied.error->what : "";
    }
    static std::uint32_t owner_of(const std::string& path) {
        struct stat info {};
        return ::stat(path.c_str(), &info) == 0 ? info.st_uid : 0;
    }
    // A note of the plugin's process has it.
    static bool notes(Collection& collection, const std::string& part) {
        const json::Value described = collection.process()->describe();
        for (const json::Value& note : described["notes"].as_array())
            if (has(note.as_string(), part)) return true;
        return false;
    }
    static bool has(const std::string& text, const std::string& part) {
        return text.find(part) != std::string::npos;
    }
    static pid_t pid_of(Collection& collection) {
        return static_cast<pid_t>(collection.process()->describe()["pid"].as_integer());
    }
    // A zombie, which nobody may have reaped yet, does not run.
    static bool is_running(pid_t pid) {
        std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
        std::string number, name, state;
        return static_cast<bool>(stat >> number >> name >> state) && state != "Z" && state != "X";
    }
    // Of this process, in KiB.
    static std::size_t peak_memory() {
        rusage usage{};
        ::getrusage(RUSAGE_SELF, &usage);
        return static_cast<std::size_t>(usage.ru_maxrss);
    }
    std::string held() {
        const std::lock_guard lock(mutex_);
        return held_;
    }

    Isolation isolation_;
    std::string data_dir_;
    bool as_others_ = false;  // who is root gives each plugin a user of its own

  private:
    std::mutex mutex_;
    std::string held_;
};

}  // namespace evenkeel::plugin
