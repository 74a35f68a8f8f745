#include <csignal>
#include <filesystem>
#include <string>

#include "core/agent/plugin_reloader.hpp"
#include "tests/component/agent/isolated.hpp"

// Plugins that come, or come anew, while the agent runs.
namespace evenkeel::agent::test {
namespace {

using wire::Verdict;

class Reload : public Isolated {};

// Where the processes of plugins end before they serve anything, as long as that is asked for.
class LateStart : public Isolated {
  protected:
    LateStart() {
        plugin_host = folder / "host";
        EXPECT_TRUE(write_file(plugin_host,
                               "#!/bin/sh\n[ -e " + ends_ + " ] && echo >>" + ended_ +
                                   " && exit 3\nexec " + std::string(PLUGIN_HOST) + " \"$@\"\n",
                               0755));
    }
    void end_processes() { ASSERT_TRUE(write_file(ends_, "", 0644)); }
    void let_processes_live() { std::filesystem::remove(ends_); }
    // How many have ended so.
    std::size_t ended() const { return read_file(ended_).value_or("").size(); }

    const PluginReloader::Pauses pauses_{1ms, 4ms};

  private:
    const std::string ends_ = folder / "ends", ended_ = folder / "ended";
};

TEST_F(LateStart, APluginThatDidNotStartIsStartedAgain) {
    collections.emplace("memory", json::Object{{"backend", "heap"}});
    end_processes();
    start();
    ASSERT_EQ(agent->registry().find("memory"), nullptr);
    const PluginReloader reloader(*agent, *loader, *loop, pauses_);
    let_processes_live();
    for (const char* name : {"memory", "unruly"})
        ASSERT_TRUE(until([&] { return agent->registry().find(name) != nullptr; })) << name;
    EXPECT_EQ(give("memory", "a"), "succeeded");
    const wire::Reply plugins = ask("plugins", json::Object{});
    for (const json::Value& each : plugins.result["plugins"].as_array())
        EXPECT_EQ(each.string_or("state"), "loaded") << json::write(each);
}

TEST_F(LateStart, AVersionThatDidNotStartIsStartedAgain) {
    const PluginReloader reloader(*agent, *loader, *loop, pauses_);
    const pid_t before = pid_of("memory");
    end_processes();
    replace("memory");
    // That its files were written is told twice.
    ASSERT_TRUE(until([&] { return ended() > 2; }));
    let_processes_live();
    EXPECT_TRUE(until([&] { return pid_of("memory") != before && pid_of("memory") != 0; }));
}

TEST_F(LateStart, AReleasedPluginThatDidNotStartIsStartedAgain) {
    for (unsigned i = 0; i < plugin::Restarts::kMost; ++i) give("unruly", "exit");
    ASSERT_TRUE(
        until([&] { return !agent->registry().find("unruly")->out_of_order_reason().empty(); }));
    start();
    ASSERT_EQ(agent->registry().find("unruly"), nullptr) << "it is held";
    const PluginReloader reloader(*agent, *loader, *loop, pauses_);
    end_processes();
    EXPECT_TRUE(ask("release", json::Object{{"collection", "unruly"}}).error);
    let_processes_live();
    ASSERT_TRUE(until([&] { return agent->registry().find("unruly") != nullptr; }));
    EXPECT_EQ(give("unruly", "fine"), "succeeded");
}

TEST_F(Reload, AReplacedPluginIsServedInANewProcessAndNothingElseIsRestarted) {
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

TEST_F(Reload, WhatIsWrongWithAPluginsFilesIsToldUntilItIsMendedOrTheyAreGone) {
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

TEST_F(Reload, TheSameVersionInstalledAgainRunsFromItsNewFile) {
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

TEST_F(Reload, NobodyWaitsForAReplacedPluginThatTakesLongToClose) {
    const PluginReloader reloader(*agent, *loader, *loop);
    install("greedy");
    ASSERT_TRUE(until([&] { return agent->registry().find("greedy") != nullptr; }));
    ASSERT_EQ(give("greedy", "linger"), "succeeded");
    const pid_t before = pid_of("greedy");
    replace("greedy");
    bool lingers = false;  // for five seconds at most
    ASSERT_TRUE(until([&] {
        lingers = ::kill(before, 0) == 0;
        return pid_of("greedy") != before && pid_of("greedy") != 0;
    }));
    EXPECT_TRUE(lingers);
    EXPECT_EQ(give("memory", "a"), "succeeded");
    ASSERT_TRUE(write_file(options.state_dir + "/plugins/greedy/go", "", 0644));
    EXPECT_TRUE(until([&] { return ::kill(before, 0) != 0; }));
    EXPECT_EQ(give("greedy", "fine"), "succeeded");
}

}  // namespace
}  // namespace evenkeel::agent::test
