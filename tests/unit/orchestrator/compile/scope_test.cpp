#include "orchestrator/compile/scope.hpp"

#include <gtest/gtest.h>

namespace evenkeel::compile {
namespace {

TEST(ScopeTest, ReadsWhatItWrites) {
    for (const char* text : {"global", "environment:prod/eu", "host:web1", "assignment:web"}) {
        const auto scope = read_scope(text);
        ASSERT_TRUE(scope) << text;
        EXPECT_EQ(text_of(*scope), text);
    }
    for (const char* text :
         {"", "globals", "global:", "environment:", "environment:/a", "environment:a//b",
          "environment:A", "host:", "assignment:a/b", "team:x"}) {
        const auto scope = read_scope(text);
        ASSERT_FALSE(scope) << text;
        EXPECT_NE(scope.error().what.find("is no scope"), std::string::npos);
    }
}

TEST(ScopeTest, NamesAreBounded) {
    EXPECT_TRUE(is_name("a"));
    EXPECT_TRUE(is_name("0web.front_end-1"));
    EXPECT_TRUE(is_name(std::string(63, 'a')));
    for (const std::string& text : {std::string(), std::string(64, 'a'), std::string("-a"),
                                    std::string("A"), std::string("a b"), std::string("a/b")}) {
        EXPECT_FALSE(is_name(text)) << text;
    }
    EXPECT_TRUE(is_environment_name("prod/eu/west"));
    EXPECT_FALSE(is_environment_name("prod/"));
    EXPECT_FALSE(is_environment_name(""));
    std::string deep = "a";
    while (deep.size() < 255) deep += "/a";
    EXPECT_TRUE(is_environment_name(deep));
    EXPECT_FALSE(is_environment_name(deep + "/a"));
}

TEST(ScopeTest, KeysOfSettingsLeaveTheNamesOfTemplatesAlone) {
    EXPECT_TRUE(is_setting_key("port"));
    EXPECT_TRUE(is_setting_key("_port_2"));
    EXPECT_TRUE(is_setting_key("nginx:port"));
    for (const char* key :
         {"", "2port", "Port", "a-b", "a.b", "host", "environment", "application", "peers", "item",
          "key", "root", "nginx:host", ":port", "nginx:", "a:b:c"}) {
        EXPECT_FALSE(is_setting_key(key)) << key;
    }
    EXPECT_FALSE(is_setting_key(std::string(65, 'a')));
}

TEST(ScopeTest, AnEnvironmentLiesInAllAbove) {
    EXPECT_EQ(environments_down_to("prod/eu/west"),
              (std::vector<std::string>{"prod", "prod/eu", "prod/eu/west"}));
    EXPECT_EQ(environments_down_to("default"), (std::vector<std::string>{"default"}));
}

}  // namespace
}  // namespace evenkeel::compile
