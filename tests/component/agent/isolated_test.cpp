#include "tests/component/agent/isolated.hpp"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <set>
#include <string>

#include "core/agent/isolation.hpp"
#include "core/agent/plugin_reloader.hpp"

// Plugins in processes of their own, as an administrator sees them: one that does harm is named and
// heals, and the others go on. That such a plugin does what it does in the agent's process is shown
// by the other tests, which run both ways.
namespace evenkeel::agent::test {
namespace {

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

TEST_F(Isolated, OneThatIsHeldWhileItIsOpenedSaysHowItIsReleased) {
    end();
    install("greedy");
    options.shortest_opening_pause = 1ms;
    options.longest_opening_pause = 4ms;
    const std::string data = options.state_dir + "/plugins/greedy";
    std::filesystem::create_directories(data);
    ASSERT_TRUE(write_file(data + "/ends always", "", 0644));
    start();
    const auto reason = [&] { return described("greedy").string_or("reason"); };
    ASSERT_TRUE(until([&] { return reason().find("ended 5 times") != std::string::npos; }));
    settle();
    EXPECT_NE(reason().find("--release greedy"), std::string::npos) << reason();
    std::filesystem::remove(data + "/ends always");
    EXPECT_FALSE(ask("release", json::Object{{"collection", "greedy"}}).error);
    EXPECT_EQ(give("greedy", "fine"), "succeeded");
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

}  // namespace
}  // namespace evenkeel::agent::test
