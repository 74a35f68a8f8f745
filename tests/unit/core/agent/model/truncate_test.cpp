#include "core/agent/model/truncate.hpp"

#include <gtest/gtest.h>

#include "core/json/json.hpp"

namespace evenkeel::agent {
namespace {

TEST(Truncate, CutsOutputBeforeStates) {
    json::Value data = json::Object{
        {"output", json::Object{{"text", std::string(1000, 'x')}, {"bytes", 1000}, {"cut", false}}},
        {"state", json::Object{{"note", std::string(300, 'x')}}}};
    write_truncated(data, 500);
    EXPECT_EQ(data["output"].string_or("text"), "");
    EXPECT_EQ(data["output"].integer_or("bytes"), 1000);
    EXPECT_TRUE(data["output"].bool_or("cut"));
    EXPECT_TRUE(data["state"].is_object());
}

TEST(Truncate, CutsDiffsThenStatesThenNotesThenChanges) {
    const std::string big(1000, 'x');
    const json::Value whole = json::Object{
        {"resources",
         json::Array{json::Object{
             {"changes", json::Array{json::Object{{"path", "/content"},
                                                  {"after", json::Object{{"diff", big}}}}}},
             {"notes", json::Array{std::string(500, 'x')}},
             {"state", json::Object{{"note", big}}}}}}};
    json::Value data = whole;
    write_truncated(data, 100'000);
    EXPECT_EQ(data, whole);
    write_truncated(data, 2000);
    const json::Value& entry = data["resources"].as_array()[0];
    EXPECT_TRUE(data.bool_or("truncated"));
    EXPECT_EQ(entry["changes"].as_array()[0]["after"].find("diff"), nullptr);
    EXPECT_TRUE(entry["state"].is_object());
    write_truncated(data, 700);
    EXPECT_TRUE(data["resources"].as_array()[0]["state"].is_null());
    EXPECT_EQ(data["resources"].as_array()[0]["notes"].as_array().size(), 1U);
    write_truncated(data, 200);
    EXPECT_EQ(data["resources"].as_array()[0].find("notes"), nullptr);
    EXPECT_EQ(data["resources"].as_array()[0]["changes"].as_array().size(), 1U);
    write_truncated(data, 20);
    EXPECT_TRUE(data["resources"].as_array()[0]["changes"].as_array().empty());
}

json::Value outcome_of(std::size_t count) {
    json::Array resources;
    for (std::size_t i = 0; i < count; ++i) {
        resources.push_back(json::Object{{"collection", "files"},
                                         {"id", "/etc/f" + std::to_string(i)},
                                         {"changes", json::Array{}},
                                         {"state", json::Object{{"size", i}}}});
    }
    return json::Object{{"command", "cmd_1"},
                        {"state", "succeeded"},
                        {"resources", std::move(resources)},
                        {"error", nullptr}};
}

TEST(Truncate, TheStateOfACommandIsNotAStateOfAResource) {
    json::Value data = outcome_of(2000);
    write_truncated(data, json::write(data).size() - 1);
    EXPECT_TRUE(data.bool_or("truncated"));
    EXPECT_EQ(data.string_or("state"), "succeeded");
    EXPECT_EQ(data["resources"].as_array().size(), 2000U);
    EXPECT_TRUE(data["resources"].as_array()[1999]["state"].is_null());
}

TEST(Truncate, TheStateAtTheTopIsCutWhereItIsTheResources) {
    json::Value data = json::Object{{"collection", "files"},
                                    {"id", "/a"},
                                    {"state", json::Object{{"note", std::string(1000, 'x')}}}};
    write_truncated(data, 500);
    EXPECT_TRUE(data["state"].is_null());
}

TEST(Truncate, AnOutcomeThatIsTooLargeEvenSoIsAFailureThatSaysSo) {
    json::Value data = outcome_of(100);
    EXPECT_LE(write_truncated(data, 1000).size(), 1000U);
    EXPECT_EQ(data.string_or("command"), "cmd_1");
    EXPECT_EQ(data.string_or("state"), "failed");
    EXPECT_EQ(data["error"].string_or("code"), "limit");
    EXPECT_NE(data["error"].string_or("detail").find("100 resources"), std::string::npos);
    EXPECT_TRUE(data["resources"].as_array().empty());
}

}  // namespace
}  // namespace evenkeel::agent
