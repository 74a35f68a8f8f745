#pragma once

#include <csignal>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <string>

#include <unistd.h>

#include "core/agent/load_plugins.hpp"
#include "core/base/file.hpp"
#include "core/crypto/hash.hpp"
#include "core/plugin/remote/remote_plugin.hpp"
#include "tests/component/agent/bench.hpp"

namespace evenkeel::agent::test {

// An agent with plugins in processes of their own.
class Isolated : public AgentBench {
  protected:
    Isolated() {
        add_plugins = [this](Agent& to) {
            Config config;
            config.state_dir = options.state_dir;
            config.plugin_dirs = {folder / "plugins"};
            config.plugin_host = plugin_host;
            config.collections = collections;
            loader = std::make_unique<PluginLoader>(to, config, true);
            ASSERT_TRUE(loader->load_all());
        };
        options.grace = 8s;
    }
    void SetUp() override {
        std::filesystem::create_directories(folder / "plugins");
        for (const char* name : {"unruly", "memory"}) install(name);
        start();
    }
    void install(const std::string& name) {
        for (const char* end : {".so", ".manifest.json", ".sum.json"})
            std::filesystem::copy_file(std::string(TEST_PLUGINS) + "/" + name + end,
                                       folder / ("plugins/" + name + end));
    }
    // Another version of an installed one; its sum.
    std::string replace(const std::string& name) {
        const std::string path = folder / ("plugins/" + name);
        const std::string object = read_file(path + ".so", 1u << 28).value() + "a new version";
        std::filesystem::remove(path + ".so");
        EXPECT_TRUE(write_file(path + ".so", object, 0644));
        const std::string sum = crypto::sha256_hex(object);
        const std::string manifest = read_file(path + ".manifest.json").value();
        EXPECT_TRUE(write_file(
            path + ".sum.json",
            json::write(json::Object{
                {"sha256", json::Object{{name + ".so", sum},
                                        {name + ".manifest.json", crypto::sha256_hex(manifest)}}}}),
            0644));
        return sum;
    }
    // The outcome of one description.
    std::string give(const std::string& collection, const std::string& text,
                     std::chrono::milliseconds timeout = 60s,
                     wire::Policy policy = wire::Policy::report) {
        wire::ResourceRequest each = request("one", json::Object{{"text", text}}, ++seq_, policy);
        each.ref.collection = collection;
        const std::string name = "cmd_" + std::to_string(seq_);
        command(name, seq_, "apply", {each}, timeout);
        EXPECT_TRUE(until([&] { return !outcome_of(name).empty(); }));
        for (const Told& told : events)
            if (told.draft.command == name) why_ = json::write(told.draft.data);
        return outcome_of(name);
    }
    const plugin::RemotePlugin& process_of(const std::string& collection) {
        return *agent->registry().find(collection)->collection().process();
    }
    pid_t pid_of(const std::string& collection) {
        const json::Value described = process_of(collection).describe();
        return described["pid"].is_integer() ? static_cast<pid_t>(described["pid"].as_integer())
                                             : 0;
    }
    // By the command lines of this process's children.
    static std::set<std::string> plugins_with_processes() {
        std::set<std::string> plugins;
        for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task")) {
            std::ifstream children(thread.path() / "children");
            for (std::string child; children >> child;) {
                std::ifstream command("/proc/" + child + "/cmdline");
                std::string program, plugin;
                std::getline(command, program, '\0');
                std::getline(command, plugin, '\0');
                if (program == "evenkeel-plugin-host") plugins.insert(plugin);
            }
        }
        return plugins;
    }
    json::Value described(const std::string& collection) {
        const wire::Reply reply = ask("plugins", json::Object{});
        for (const json::Value& each : reply.result["plugins"].as_array())
            if (each.string_or("collection") == collection) return each;
        return {};
    }
    wire::Verdict verdict_of(const std::string& collection) {
        return agent->catalog().find({collection, "one"})->status.compliance.status;
    }

    std::string plugin_host = PLUGIN_HOST;
    decltype(Config::collections) collections;
    std::unique_ptr<PluginLoader> loader;
    std::string why_;        // the last outcome, whole
    std::uint64_t seq_ = 0;  // of the last command
};

}  // namespace evenkeel::agent::test
