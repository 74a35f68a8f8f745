#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include <unistd.h>

#include "core/agent/isolation.hpp"
#include "core/agent/load_plugins.hpp"
#include "core/agent/plugin_reloader.hpp"
#include "core/base/file.hpp"
#include "core/crypto/hash.hpp"
#include "core/plugin/remote/remote_plugin.hpp"
#include "tests/component/agent/bench.hpp"

// Plugins in processes of their own, as an administrator sees them: one that does harm is named and
// heals, and the others go on. That such a plugin does what it does in the agent's process is shown
// by the other tests, which run both ways.
namespace evenkeel::agent::test {
namespace {

using wire::Verdict;

class Isolated : public AgentBench {
  protected:
    Isolated() {
        add_plugins = [this](Agent& to) {
            Config config;
            config.state_dir = options.state_dir;
            config.plugin_dirs = {folder / "plugins"};
            config.plugin_host = PLUGIN_HOST;
            loader = std::make_unique<PluginLoader>(to, config, true);
            ASSERT_TRUE(loader->load_all());
        };
        options.grace = 400ms;
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
    Verdict verdict_of(const std::string& collection) {
        return agent->catalog().find({collection, "one"})->status.compliance.status;
    }

    std::unique_ptr<PluginLoader> loader;
    std::string why_;        // the last outcome, whole
    std::uint64_t seq_ = 0;  // of the last command
};

// With the default folder the end-to-end tests of the agent do it.
TEST(WhereAPluginRuns, IsNotDecidedByItsNameAlone) {
    const auto is_isolated = [](const std::string& name, bool is_tried_out) {
        plugin::Package package;
        package.name = name;
        package.object = "/opt/plugins/" + name + ".so";
        return isolation_of(Config{}, package, is_tried_out).has_value();
    };
    EXPECT_TRUE(is_isolated("files", false)) << "it lies in another folder";
    EXPECT_FALSE(is_isolated("files", true)) << "somebody tries a build tree out";
    EXPECT_TRUE(is_isolated("cron", true));
}

TEST(WhereAPluginRuns, CannotSeeWhereOrdersAreGivenNorATokenOfAnotherPlace) {
    plugin::Package package;
    package.name = "cron";
    Config config;
    const auto hides = [&](const std::string& path) {
        const auto hidden = isolation_of(config, package, false)->hidden;
        return std::find(hidden.begin(), hidden.end(), path) != hidden.end();
    };
    EXPECT_TRUE(hides("/etc/evenkeel"));
    EXPECT_TRUE(hides("/run/evenkeel"));
    config.file = "/srv/evenkeel/agent.json";
    config.socket = "/srv/sockets/agent.sock";
    config.orchestrator.emplace().token_file = "/root/token";
    EXPECT_TRUE(hides("/srv/evenkeel/agent.json"));
    EXPECT_TRUE(hides("/srv/sockets"));
    EXPECT_TRUE(hides("/root/token"));
    config.socket = "/tmp/agent.sock";
    EXPECT_TRUE(hides("/tmp/agent.sock"));
    EXPECT_FALSE(hides("/tmp"));
}

// What starts package managers is not in a group that ends with it.
TEST(WhereAPluginRuns, HasAControlGroupOnlyForThoseOfOthers) {
    const auto isolation = [](const std::string& name) {
        plugin::Package package;
        package.name = name;
        package.object = "/opt/plugins/" + name + ".so";
        Config config;
        config.isolation[name] = true;
        return isolation_of(config, package, true).value();
    };
    EXPECT_FALSE(isolation("packages").has_control_group);
    EXPECT_TRUE(isolation("cron").has_control_group);
    EXPECT_FALSE(isolation("cron").hidden.empty());
}

TEST_F(Isolated, AnEndInTheMiddleOfAChangeIsShownAndOthersGoOn) {
    EXPECT_EQ(give("unruly", "kill"), "failed");
    EXPECT_EQ(give("memory", "a"), "succeeded");
    const json::Value unruly = described("unruly");
    EXPECT_EQ(unruly.string_or("isolation"), "process");
    EXPECT_EQ(unruly.string_or("state"), "loaded");
    EXPECT_NE(unruly["process"].string_or("last_end").find("signal 9"), std::string::npos);
    EXPECT_EQ(give("unruly", "fine"), "succeeded");
    EXPECT_GT(described("unruly")["process"]["restarts"].as_integer(), 0);
}

TEST_F(Isolated, AHangEndsItsProcessAndPutsNothingOutOfOrder) {
    EXPECT_EQ(give("unruly", "hang", 200ms), "failed");
    EXPECT_EQ(agent->registry().find("unruly")->out_of_order_reason(), "");
    EXPECT_EQ(give("memory", "a"), "succeeded");
    EXPECT_EQ(give("unruly", "fine"), "succeeded");
}

TEST_F(Isolated, OneThatEndsAgainAndAgainIsHeldUntilItIsReleased) {
    EXPECT_EQ(give("unruly", "fine"), "succeeded");
    for (unsigned i = 0; i < plugin::Restarts::kMost; ++i) give("unruly", "exit");
    ASSERT_TRUE(
        until([&] { return !agent->registry().find("unruly")->out_of_order_reason().empty(); }));
    const json::Value held = described("unruly");
    EXPECT_EQ(held.string_or("state"), "out_of_order");
    EXPECT_NE(held.string_or("reason").find("ended 5 times"), std::string::npos);
    EXPECT_NE(held.string_or("reason").find("--release unruly"), std::string::npos);
    EXPECT_EQ(give("unruly", "fine"), "failed");
    EXPECT_EQ(give("memory", "a"), "succeeded");

    // The next agent holds it, too, and does not even start its process.
    start();
    const PluginReloader reloader(*agent, *loader, *loop);
    EXPECT_EQ(plugins_with_processes(), std::set<std::string>{"memory"});
    EXPECT_EQ(described("unruly").string_or("state"), "out_of_order");
    EXPECT_EQ(described("unruly").string_or("plugin"), "unruly");
    // Who asks for it is told that, and not that there is none.
    EXPECT_EQ(give("unruly", "fine"), "failed");
    EXPECT_NE(why_.find("its plugin is held: the process of the plugin unruly"), std::string::npos)
        << why_;
    const wire::Reply read =
        ask("read", json::Object{{"collection", "unruly"}, {"ids", json::Array{"one"}}});
    ASSERT_TRUE(read.error);
    EXPECT_NE(read.error->what.find("is held: "), std::string::npos) << read.error->what;
    const wire::Reply released = ask("release", json::Object{{"collection", "unruly"}});
    EXPECT_FALSE(released.error);
    EXPECT_TRUE(released.result["after"].is_null());
    EXPECT_EQ(give("unruly", "fine"), "succeeded");
    EXPECT_EQ(described("unruly").string_or("state"), "loaded");
    EXPECT_EQ(plugins_with_processes(), (std::set<std::string>{"memory", "unruly"}));
}

TEST_F(Isolated, WhatIsReleasedAndRefusedMeanwhileIsAnsweredWithTheReason) {
    for (unsigned i = 0; i < plugin::Restarts::kMost; ++i) give("unruly", "exit");
    ASSERT_TRUE(
        until([&] { return !agent->registry().find("unruly")->out_of_order_reason().empty(); }));
    start();
    const PluginReloader reloader(*agent, *loader, *loop);
    ASSERT_TRUE(write_file(folder / "plugins/unruly.sum.json", "{}", 0644));
    const wire::Reply refused = ask("release", json::Object{{"collection", "unruly"}});
    ASSERT_TRUE(refused.error);
    EXPECT_NE(refused.error->what.find("unruly is released, and not used: "), std::string::npos)
        << refused.error->what;
    for (const char* name : {"nope", "memory"}) {  // none, and one that is not held
        const wire::Reply answer = ask("release", json::Object{{"collection", name}});
        ASSERT_TRUE(answer.error) << name;
        EXPECT_EQ(answer.error->code, Errc::not_found) << name;
    }
}

// Secrets are taken out of its lines on a thread of their own, which reads the store.
TEST_F(Isolated, ItsLastLinesDoNotHoldTheStoreOfAnAgentThatHasEnded) {
    std::vector<wire::ResourceRequest> many;  // each may be a secret, as nobody knows their schema
    for (int i = 0; i < 500; ++i) {
        many.push_back(request(std::to_string(i), json::Object{{"text", "a"}}, 1));
        many.back().ref.collection = "nope";
    }
    command("cmd_many", 1, "apply", many);
    ASSERT_TRUE(until([&] { return !outcome_of("cmd_many").empty(); }));
    seq_ = 1;
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(give("unruly", "say"), "succeeded");
        start();
        ASSERT_FALSE(HasFatalFailure());
    }
}

TEST_F(Isolated, DriftIsSeenAfterItsWatchWasLostWithTheProcess) {
    ASSERT_EQ(give("memory", "a"), "succeeded");
    const pid_t before = pid_of("memory");
    ASSERT_EQ(::kill(before, SIGKILL), 0);
    // What it kept in memory is gone with it.
    ASSERT_TRUE(until([&] { return count("resource.drifted") == 1; }));
    EXPECT_TRUE(until([&] { return count("agent.blind") > 0; }));
    EXPECT_NE(pid_of("memory"), before);
}

TEST_F(Isolated, AReplacedPluginIsServedInANewProcessAndNothingElseIsRestarted) {
    const PluginReloader reloader(*agent, *loader, *loop);
    ASSERT_EQ(give("memory", "a", 60s, wire::Policy::enforce), "succeeded");
    const pid_t before = pid_of("memory");
    const pid_t other = pid_of("unruly");
    const std::string sum = replace("memory");
    ASSERT_TRUE(until([&] { return pid_of("memory") != before && pid_of("memory") != 0; }));
    EXPECT_EQ(process_of("memory").sha256(), sum);
    // The new one begins empty, and the description is still in force.
    EXPECT_TRUE(until([&] { return verdict_of("memory") == Verdict::compliant; }));
    EXPECT_TRUE(until([&] { return count("resource.repaired") > 0; }));
    EXPECT_TRUE(until([&] { return ::kill(before, 0) != 0; }));
    EXPECT_EQ(pid_of("unruly"), other);
    EXPECT_EQ(give("memory", "b"), "succeeded");
    // Its file was told twice, as written and as moved; what comes after that has come.
    const pid_t after = pid_of("memory");
    replace("unruly");
    ASSERT_TRUE(until([&] { return pid_of("unruly") != other && pid_of("unruly") != 0; }));
    EXPECT_EQ(pid_of("memory"), after);
}

TEST_F(Isolated, WhatIsWrongWithAPluginsFilesIsToldUntilItIsMendedOrTheyAreGone) {
    const PluginReloader reloader(*agent, *loader, *loop);
    const auto warnings = [&] {
        std::string all;
        const wire::Reply reply = ask("plugins", json::Object{});
        for (const json::Value& each : reply.result["warnings"].as_array())
            all += each.as_string() + "\n";
        return all;
    };
    const auto says = [&](const std::string& words) {
        return until([&] { return warnings().find(words) != std::string::npos; });
    };
    const std::string sum = folder / "plugins/memory.sum.json";
    const std::string good = read_file(sum).value();
    ASSERT_TRUE(write_file(sum, "{}", 0644));
    EXPECT_TRUE(says("it has no sha256"));
    ASSERT_TRUE(write_file(sum, "{\"sha256\":{}}", 0644));
    EXPECT_TRUE(says("is not what"));
    EXPECT_EQ(warnings().find("it has no sha256"), std::string::npos);
    ASSERT_TRUE(write_file(sum, good, 0644));
    EXPECT_TRUE(until([&] { return warnings().empty(); }));
    // A name that a file has while it is copied.
    const std::filesystem::path other = folder / "plugins/.memory.sum.json";
    ASSERT_TRUE(write_file(other, good, 0644));
    EXPECT_TRUE(says("is no plugin name"));
    std::filesystem::rename(other, sum);
    EXPECT_TRUE(until([&] { return warnings().empty(); }));
    EXPECT_EQ(give("memory", "a"), "succeeded");
}

TEST_F(Isolated, TheSameVersionInstalledAgainRunsFromItsNewFile) {
    const PluginReloader reloader(*agent, *loader, *loop);
    const pid_t before = pid_of("memory");
    const std::string path = folder / "plugins/memory";
    std::filesystem::copy_file(path + ".so", path + ".copy");
    std::filesystem::rename(path + ".copy", path + ".so");
    ASSERT_TRUE(write_file(path + ".sum.json", read_file(path + ".sum.json").value(), 0644));
    ASSERT_TRUE(until([&] { return pid_of("memory") != before && pid_of("memory") != 0; }));
    const pid_t killed = pid_of("memory");
    ASSERT_EQ(::kill(killed, SIGKILL), 0);
    ASSERT_TRUE(until([&] { return pid_of("memory") != killed; }));
    EXPECT_EQ(give("memory", "a"), "succeeded");
}

TEST_F(Isolated, NobodyWaitsForAReplacedPluginThatTakesLongToClose) {
    const PluginReloader reloader(*agent, *loader, *loop);
    install("greedy");
    ASSERT_TRUE(until([&] { return agent->registry().find("greedy") != nullptr; }));
    ASSERT_EQ(give("greedy", "linger"), "succeeded");
    const pid_t before = pid_of("greedy");
    replace("greedy");
    ASSERT_TRUE(until([&] { return pid_of("greedy") != before && pid_of("greedy") != 0; }));
    EXPECT_EQ(give("memory", "a"), "succeeded");
    EXPECT_EQ(::kill(before, 0), 0);
    ASSERT_TRUE(write_file(options.state_dir + "/plugins/greedy/go", "", 0644));
    EXPECT_TRUE(until([&] { return ::kill(before, 0) != 0; }));
    EXPECT_EQ(give("greedy", "fine"), "succeeded");
}

}  // namespace
}  // namespace evenkeel::agent::test
