#include "orchestrator/compile/key_use.hpp"

#include <gtest/gtest.h>

#include "tests/unit/orchestrator/compile/scenario.hpp"

namespace evenkeel::compile {
namespace {

const char* const kScenario = R"({
    "hosts": [{"name": "web1", "labels": {"role": "web"}}, {"name": "db1"}],
    "settings": {"global": {"port": 80, "name": "a", "off": false,
                            "users": [{"name": "ann"}, {"name": "bob"}]}},
    "secrets": {"global": {"hidden": "x"}},
    "application": {
      "peers": {"web": {"filter": "labels.role = web"}},
      "resources": [
        {"collection": "files", "id": "/constant", "description": {"content": "x"}},
        {"collection": "files", "id": "/in", "description": {"content": "{{port}}"}},
        {"collection": "files", "id": "/{{name}}", "description": {}},
        {"collection": "files", "id": "/when", "when": "off = true", "description": {}},
        {"collection": "files", "id": "/never", "when": "off = true",
         "description": {"content": "{{port}}"}},
        {"collection": "users", "id": "{{item.name}}", "for_each": "users", "description": {}},
        {"collection": "files", "id": "/peer/{{item.name}}", "for_each": "peers.web",
         "description": {"content": "{{port}}"}},
        {"collection": "files", "id": "/lost/{{item.name}}", "for_each": "lost",
         "description": {}},
        {"collection": "files", "id": "/{{hidden}}", "description": {}},
        {"collection": "files", "id": "/deep", "description": {"content": "{{tls.cert.file}}"},
         "requires": [{"collection": "files", "id": "{{needed}}"}]}]}})";

class KeyUseTest : public ::testing::Test {
  protected:
    std::vector<std::string> found(const std::set<std::string>& keys) {
        EXPECT_TRUE(scenario_.wrong.empty());
        std::vector<std::string> texts;
        for (const wire::Ref& ref : scenario_.refs_using(keys, "db1")) texts.push_back(ref.id);
        return texts;
    }

    Scenario scenario_{*json::parse(kScenario)};
};

using Ids = std::vector<std::string>;

TEST_F(KeyUseTest, AResourceUsesWhatItsTemplatesLookUp) {
    EXPECT_EQ(found({"port"}), (Ids{"/in", "/peer/web1"}));
    EXPECT_EQ(found({"name"}), (Ids{"/a"}));
    EXPECT_EQ(found({"users"}), (Ids{"ann", "bob"}));
    EXPECT_EQ(found({"tls"}), (Ids{"/deep"}));
    EXPECT_EQ(found({"needed"}), (Ids{"/deep"}));
    EXPECT_EQ(found({"name", "users"}), (Ids{"/a", "ann", "bob"}));
    EXPECT_EQ(found({"cert"}), Ids());
    EXPECT_EQ(found({}), Ids());
}

TEST_F(KeyUseTest, WhatDecidesWhetherThereIsOneCountsAlsoWhereThereIsNone) {
    EXPECT_EQ(found({"off"}), (Ids{"/when", "/never"}));
}

TEST_F(KeyUseTest, AnIdThatCannotBeShownIsTheTemplate) {
    EXPECT_EQ(found({"lost"}), (Ids{"/lost/{{item.name}}"}));
    EXPECT_EQ(found({"hidden"}), (Ids{"/{{hidden}}"}));
}

}  // namespace
}  // namespace evenkeel::compile
