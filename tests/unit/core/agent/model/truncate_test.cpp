#include "core/agent/model/truncate.hpp"

#include <gtest/gtest.h>

#include "core/json/json.hpp"

namespace evenkeel::agent {
namespace {

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

}  // namespace
}  // namespace evenkeel::agent
