#include "core/agent/config/config.hpp"

#include <gtest/gtest.h>

#include "core/base/file.hpp"
#include "core/json/json.hpp"
#include "tests/unit/core/temp_folder.hpp"

namespace evenkeel::agent {
namespace {

const std::string kPrint(64, 'a');

TEST(Config, EmptyMeansDefaults) {
    const auto config = parse_config("{}");
    ASSERT_TRUE(config);
    EXPECT_EQ(config->state_dir, "/var/lib/evenkeel/agent");
    EXPECT_EQ(config->socket, "/run/evenkeel/agent.sock");
    EXPECT_EQ(config->sweep_interval, std::chrono::minutes(10));
    EXPECT_FALSE(config->plugins);
    EXPECT_FALSE(config->orchestrator);
}

TEST(Config, ReadsEveryKey) {
    const auto config = parse_config(
        R"({"state_dir":"/s","socket":"/r/a.sock","plugin_dirs":["/p"],)"
        R"("plugins":[{"name":"files"}],"isolation":{"files":"process","cron":"none"},)"
        R"("orchestrator":{"host":"o",)"
        R"("bus_port":1,"enrolment_port":2,"ca_sha256":")" +
        kPrint + R"(","token_file":"/t"},"collections":{"packages":{"backend":"apt"}},)" +
        R"("calls":{"silence":"5s"},"sweep":{"interval":"30s"},"log":{"level":"debug"}})");
    ASSERT_TRUE(config) << config.error().what;
    EXPECT_EQ(config->plugin_dirs, std::vector<std::string>{"/p"});
    EXPECT_EQ(*config->plugins, std::vector<std::string>{"files"});
    EXPECT_EQ(config->isolation, (std::map<std::string, bool>{{"files", true}, {"cron", false}}));
    EXPECT_EQ(config->orchestrator->bus_port, 1);
    EXPECT_EQ(config->orchestrator->enrolment_port, 2);
    EXPECT_EQ(config->orchestrator->token_file, "/t");
    EXPECT_EQ(config->sweep_interval, std::chrono::seconds(30));
    EXPECT_EQ(config->log_level, "debug");
    EXPECT_EQ(config->collections.at("packages").string_or("backend"), "apt");
}

TEST(Config, AnUnknownKeyIsNamed) {
    for (const auto& [text, named] : std::vector<std::pair<std::string, std::string>>{
             {R"({"swep":{}})", "'swep'"},
             {R"({"sweep":{"every":"1s"}})", "'sweep.every'"},
             {R"({"orchestrator":{"host":"o","port":1}})", "'orchestrator.port'"},
             {R"({"plugins":[{"name":"f","path":"/x"}]})", "'plugins.path'"},
             {R"({"collections":{"packages":"apt"}})", "'packages'"}}) {
        const auto config = parse_config(text);
        ASSERT_FALSE(config) << text;
        EXPECT_EQ(config.error().code, Errc::invalid);
        EXPECT_NE(config.error().what.find(named), std::string::npos) << config.error().what;
    }
}

TEST(Config, WrongValuesAreRefused) {
    for (const char* text :
         {"", "[]", R"({"state_dir":1})", R"({"state_dir":"relative"})", R"({"plugins":["x"]})",
          R"({"plugins":[{"name":"../x"}]})", R"({"isolation":{"f":"vm"}})",
          R"({"sweep":{"interval":"10"}})", R"({"sweep":{"interval":"1ms"}})",
          R"({"log":{"level":"loud"}})", R"({"orchestrator":{"host":"o"}})",
          R"({"orchestrator":{"host":"o","ca_sha256":"AA"}})", R"({"socket":"a","socket":"b"})"}) {
        EXPECT_FALSE(parse_config(text)) << text;
    }
}

TEST(Config, SignaturesAreRequiredWithAKeyAtLeast) {
    const std::string key = crypto::SigningKey::generate().verify_key().text();
    const auto config =
        parse_config("{\"require_signatures\":true,\"plugin_keys\":[\"" + key + "\"]}");
    ASSERT_TRUE(config) << config.error().what;
    EXPECT_TRUE(config->require_signatures);
    ASSERT_EQ(config->plugin_keys.size(), 1u);
    EXPECT_EQ(config->plugin_keys.front().text(), key);
    const auto refusal = [](const char* text) { return parse_config(text).error().what; };
    EXPECT_NE(refusal(R"({"require_signatures":true})").find("'plugin_keys' is empty"),
              std::string::npos);
    EXPECT_EQ(refusal(R"({"plugin_keys":["ed25519:AAAA"]})"),
              "key 'plugin_keys': is no key: \"ed25519:\" and the base64 of 32 bytes");
    EXPECT_EQ(refusal(R"({"require_signatures":1})"),
              "key 'require_signatures': is not true or false");
}

TEST(Config, SavingTheOrchestratorKeepsTheOtherKeys) {
    test::TempFolder folder;
    const std::string path = folder / "etc/agent.json";
    ASSERT_TRUE(save_orchestrator(path, {"first", std::nullopt, 5673, kPrint, ""}));
    ASSERT_TRUE(write_file(path, R"({"log":{"level":"debug"},"orchestrator":{}})", 0644));
    ASSERT_TRUE(save_orchestrator(path, {"o", 7, 9, kPrint, "/t"}));
    const auto config = load_config(path, true);
    ASSERT_TRUE(config) << config.error().what;
    EXPECT_EQ(config->log_level, "debug");
    EXPECT_EQ(config->orchestrator->host, "o");
    EXPECT_EQ(config->orchestrator->bus_port, 7);
}

TEST(Config, OnlyTheDefaultFileMayBeMissing) {
    EXPECT_TRUE(load_config("/no/such/file", false));
    EXPECT_FALSE(load_config("/no/such/file", true));
}

}  // namespace
}  // namespace evenkeel::agent
