#include <cstdlib>

#include "core/agent/load_plugins.hpp"
#include "core/agent/model/catalog.hpp"
#include "core/agent/store/agent_store.hpp"
#include "tests/component/agent/bench.hpp"

// What a plugin says beside states and changes, as the agent's outcomes and store have it. The
// plugin is a real one.
namespace evenkeel::agent::test {
namespace {

class PluginWords : public AgentBench {
  protected:
    void SetUp() override {
        const char* from = std::getenv("EK_TEST_PLUGINS");
        if (from == nullptr) GTEST_SKIP() << "EK_TEST_PLUGINS is not set";
        add_plugins = [this, from](Agent& to) {
            Config config;
            config.state_dir = options.state_dir;
            config.plugin_dirs = {from};
            config.plugins = {"words"};
            place_plugins(config);
            load_plugins(to, config, true);
        };
        start();
    }
    // The entry of the outcome of one command about one resource.
    json::Value done(const char* verb, const char* collection, const char* id, json::Value body,
                     wire::Policy policy = wire::Policy::report) {
        wire::ResourceRequest asked = request(id, std::move(body), ++revision_, policy);
        asked.ref.collection = collection;
        const std::string name = "cmd_" + std::to_string(revision_);
        command(name, revision_, verb, {asked});
        EXPECT_TRUE(until([&] { return !outcome_of(name).empty(); }));
        for (const Told& told : events)
            if (told.draft.kind == wire::EventKind::command_outcome && told.draft.command == name)
                return told.draft.data["resources"].as_array().at(0);
        return {};
    }
    static std::string detail(const json::Value& result) {
        return result["error"].string_or("detail");
    }

  private:
    std::uint64_t revision_ = 0;
};

TEST_F(PluginWords, ThatWerePrintedAreInTheOutcome) {
    const json::Value result = done("apply", "kept", "one", json::Object{{"text", "a"}});
    EXPECT_EQ(result["output"].string_or("text"), "stored one with a\n\xEF\xBF\xBD is no letter\n");
    EXPECT_EQ(result["changes"].as_array().back().string_or("needs"), "restart");
    const json::Value again = done("apply", "kept", "one", json::Object{{"text", "a"}});
    EXPECT_EQ(again.find("output"), nullptr);
}

TEST_F(PluginWords, OfAChangeThatWaitsForTheNextBootAreKeptOverAKill) {
    done("apply", "kept", "one", json::Object{{"text", "a"}});
    EXPECT_FALSE(*agent->store().reboot_required());
    done("apply", "kept", "two", json::Object{{"text", "old"}}, wire::Policy::audit);
    EXPECT_FALSE(*agent->store().reboot_required()) << "it was only planned";
    done("apply", "kept", "one", json::Object{{"text", "old"}});
    start_on(disk_now());
    const auto required = *agent->store().reboot_required();
    ASSERT_TRUE(required);
    EXPECT_EQ(required->resources, (std::vector<wire::Ref>{{"kept", "one"}}));
}

TEST_F(PluginWords, ThatAskForWhatCannotBeAreRefusedBeforeTheMachineIsTouched) {
    done("apply", "kept", "one", json::Object{{"text", "a"}});
    const json::Value absent = json::Object{{"ensure", "absent"}};
    EXPECT_EQ(detail(done("apply", "kept", "one", absent)),
              "what kept describes exists always and cannot be absent");
    EXPECT_NE(detail(done("remove", "kept", "one", nullptr)).find("forget it"), std::string::npos);
    EXPECT_EQ(detail(done("apply", "kept", "Two", json::Object{{"text", "a"}})),
              "\"Two\" is another spelling: write it two");
    EXPECT_EQ(done("forget", "kept", "one", nullptr).string_or("outcome"), "done");
}

TEST_F(PluginWords, OfWhatCanOnlyBeReadAreComparedUnderAuditAlone) {
    const json::Value low = json::Object{{"text", "low"}};
    for (const wire::Policy policy :
         {wire::Policy::report, wire::Policy::enforce, wire::Policy::off})
        EXPECT_NE(detail(done("apply", "gauge", "pressure", low, policy)).find("policy audit"),
                  std::string::npos);
    const json::Value result = done("apply", "gauge", "pressure", low, wire::Policy::audit);
    EXPECT_EQ(detail(result), "");
    EXPECT_EQ(result.string_or("outcome"), "planned");
    EXPECT_EQ(result["compliance"].string_or("status"), "drifted");
    const json::Value high = json::Object{{"text", "high"}};
    EXPECT_EQ(done("apply", "gauge", "pressure", high, wire::Policy::audit)["compliance"].string_or(
                  "status"),
              "compliant");
    // Only the description goes.
    EXPECT_EQ(detail(done("remove", "gauge", "pressure", nullptr, wire::Policy::audit)), "");
    EXPECT_EQ(agent->catalog().find({"gauge", "pressure"}), nullptr);
}

}  // namespace
}  // namespace evenkeel::agent::test
