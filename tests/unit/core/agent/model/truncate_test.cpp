#include "core/agent/model/truncate.hpp"

#include <gtest/gtest.h>

#include "core/json/json.hpp"

namespace evenkeel::agent {
namespace {

TEST(Truncate, CutsDiffsThenStatesThenChanges) {
    const std::string big(1000, 'x');
    const json::Value whole = json::Object{
        {"resources",
         json::Array{json::Object{
             {"changes", json::Array{json::Object{{"path", "/content"},
                                                  {"after", json::Object{{"diff", big}}}}}},
             {"state", json::Object{{"note", big}}}}}}};
    json::Value data = whole;
    write_truncated(data, 100'000);
    EXPECT_EQ(data, whole);
    write_truncated(data, 1500);
    const json::Value& entry = data["resources"].as_array()[0];
    EXPECT_TRUE(data.bool_or("truncated"));
    EXPECT_EQ(entry["changes"].as_array()[0]["after"].find("diff"), nullptr);
    EXPECT_TRUE(entry["state"].is_object());
    write_truncated(data, 200);
    EXPECT_TRUE(data["resources"].as_array()[0]["state"].is_null());
    EXPECT_EQ(data["resources"].as_array()[0]["changes"].as_array().size(), 1U);
    write_truncated(data, 20);
    EXPECT_TRUE(data["resources"].as_array()[0]["changes"].as_array().empty());
}

}  // namespace
}  // namespace evenkeel::agent
