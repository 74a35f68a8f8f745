#include <gtest/gtest.h>

#include "tests/unit/core/plugin/loaded.hpp"

// What the agent's configuration gives to a plugin, and what the plugin says about itself.
namespace evenkeel::plugin {
namespace {

std::unique_ptr<Collection> open_with(const char* configuration) {
    LoadOptions options = test_options();
    options.configurations.emplace("memory", value(configuration));
    auto loaded = load({TEST_PLUGINS}, "memory", options);
    if (!loaded) return nullptr;
    EXPECT_FALSE(loaded->back()->trouble()) << "the other collection of the plugin is not hurt";
    return std::move(loaded->front());
}

TEST(Configuration, IsHandedToThePlugin) {
    const auto memory = open_with(R"({"backend":"heap"})");
    EXPECT_FALSE(memory->trouble());
    EXPECT_EQ(memory->backend(), "heap");
    EXPECT_FALSE(memory->apply("a", value(R"({"text":"1"})"), false, {}).error);
}

TEST(Configuration, ThatIsWrongNamesTheKeyAndLeavesTheCollectionUnavailable) {
    for (const auto& [configuration, key] :
         {std::pair(R"({"backend":"cellar"})", "'collections.memory.backend'"),
          std::pair(R"({"colour":"red"})", "'collections.memory.colour'")}) {
        const auto memory = open_with(configuration);
        ASSERT_TRUE(memory->trouble()) << configuration;
        EXPECT_EQ(memory->trouble()->code, Errc::unavailable);
        EXPECT_NE(memory->trouble()->what.find(key), std::string::npos) << memory->trouble()->what;
        EXPECT_EQ(memory->name(), "memory");
        EXPECT_EQ(memory->read({"a"}, {}).error().code, Errc::unavailable);
        EXPECT_EQ(memory->apply("a", value("{}"), false, {}).error->code, Errc::unavailable);
        EXPECT_EQ(memory->watch([](Hint, const std::string&) {}).error().code, Errc::unavailable);
    }
}

TEST(Configuration, ThatThePluginCannotServeIsToldInItsWords) {
    const auto memory = open_with(R"({"backend":"attic"})");
    ASSERT_TRUE(memory->trouble());
    EXPECT_EQ(memory->trouble()->code, Errc::unavailable);
    EXPECT_NE(memory->trouble()->what.find("this house has no attic"), std::string::npos);
    EXPECT_EQ(memory->list({}, {}).error().code, Errc::unavailable);
}

TEST(Capabilities, AreToldInTheWordsOfTheAbi) {
    const std::vector<std::string> memory = {"list",  "read",    "apply",  "remove", "plan",
                                             "watch", "upgrade", "invoke", "batch"};
    EXPECT_EQ(open_collection("memory", "memory")->capabilities(), memory);
    const auto plain = open_collection("memory", "plain");
    EXPECT_EQ(plain->capabilities(), (std::vector<std::string>{"read", "apply", "remove"}));
    EXPECT_EQ(plain->backend(), "");
}

TEST(Described, IsTheStateWithoutWhatNobodyAsksForWhereThePluginMakesNoDescriptions) {
    const auto memory = open_collection("memory", "memory");
    const auto description = value(R"({"text":"a","tags":["x"],"secret":"swordfish"})");
    ASSERT_FALSE(memory->apply("a", description, false, {}).error);
    ASSERT_FALSE(memory->invoke("a", "tamper", value(R"({"uid":7})"), {}).error);
    const auto items = memory->describe({}, {}).value();
    ASSERT_EQ(items.size(), 1u);
    // Without the colour, which is the default, and the number, which is only read.
    EXPECT_EQ(items[0].state, description) << json::write(items[0].state);
    EXPECT_TRUE(
        memory->compare("a", items[0].state, memory->read({"a"}, {})->front().state)->empty());
    EXPECT_EQ(open_collection("memory", "plain")->describe({}, {}).error().code, Errc::unsupported);
}

TEST(PartialRead, KeepsTheStatusOfEachItem) {
    const auto memory = open_collection("memory", "memory");
    ASSERT_FALSE(memory->apply("a", value(R"({"text":"old"})"), false, {}).error);
    ASSERT_FALSE(memory->apply("b", value(R"({"text":"new"})"), false, {}).error);
    const auto items = memory->read({"a", "b"}, {}).value();
    ASSERT_EQ(items.size(), 2u);
    EXPECT_EQ(items[0].error->code, Errc::stale);
    EXPECT_EQ(items[1].state["text"], json::Value("new"));
}

}  // namespace
}  // namespace evenkeel::plugin
