#include <gtest/gtest.h>

#include "tests/support/page.hpp"
#include "tests/unit/orchestrator/compile/scenario.hpp"

// Tables of docs/applications.md of which each row is about one resource.
namespace evenkeel::compile {
namespace {

const std::string kPage = test::read_page("applications.md");

std::string codes_of(const Compiled& compiled, bool with_pointers) {
    std::string told;
    for (const CompileError& error : compiled.errors) {
        if (!told.empty()) told += ", ";
        told += "`" + error.code + "`";
        const std::string place = error.pointer.substr(std::string("/resources/0").size());
        if (with_pointers) told += " at `" + place + "`";
    }
    return told;
}

TEST(ResourceTest, WhenIsAsOnThePage) {
    const std::string part = test::section(kPage, "when and for_each");
    const json::Value names = test::json_block(part, 1);
    const auto rows = test::table_rows(part, 1);
    ASSERT_EQ(rows.size(), 18U);
    for (const auto& row : rows) {
        Scenario scenario(names, json::Object{{"collection", "things"},
                                              {"id", "a"},
                                              {"when", test::code(row[0])},
                                              {"description", json::Object{}}});
        ASSERT_TRUE(scenario.wrong.empty()) << row[0] << ": " << scenario.wrong[0].detail;
        const auto told = [&](const char* host) {
            const Compiled compiled = scenario.compile(host);
            if (!compiled.errors.empty()) return codes_of(compiled, false);
            return std::string(compiled.resources.empty() ? "no" : "yes");
        };
        EXPECT_EQ(told("web1"), row[1]) << row[0];
        EXPECT_EQ(told("db1"), row[2]) << row[0];
    }
}

TEST(ResourceTest, ForEachIsAsOnThePage) {
    const std::string part = test::section(kPage, "when and for_each");
    const json::Value names = test::json_block(part, 1);
    const auto rows = test::table_rows(part, 2);
    ASSERT_EQ(rows.size(), 10U);
    for (const auto& row : rows) {
        Scenario scenario(names, json::Object{{"collection", "things"},
                                              {"id", "{{key}} is {{item|json}}"},
                                              {"for_each", test::code(row[0])},
                                              {"description", json::Object{}}});
        ASSERT_TRUE(scenario.wrong.empty()) << row[0] << ": " << scenario.wrong[0].detail;
        const Compiled compiled = scenario.compile("web1");
        std::string told = codes_of(compiled, false);
        for (const WantedResource& resource : compiled.resources) {
            told += (told.empty() ? "" : ", ") + resource.ref.id;
        }
        EXPECT_EQ(told, row[1]) << row[0];
    }
}

TEST(ResourceTest, WhereASecretMayFlowIsAsOnThePage) {
    const std::string part = test::section(kPage, "Secrets");
    const json::Value given = test::json_block(part, 1);
    const auto rows = test::table_rows(part, 1);
    ASSERT_EQ(rows.size(), 17U);
    for (const auto& row : rows) {
        Scenario scenario(given, *json::parse(test::code(row[0])));
        ASSERT_TRUE(scenario.wrong.empty()) << row[0] << ": " << scenario.wrong[0].detail;
        const Compiled compiled = scenario.compile("web1");
        std::string told = codes_of(compiled, true);
        if (compiled.errors.empty()) {
            ASSERT_EQ(compiled.resources.size(), 1U) << row[0];
            told = "`" + json::write(compiled.resources[0].description) + "`";
        }
        EXPECT_EQ(told, row[1]) << row[0];
    }
}

}  // namespace
}  // namespace evenkeel::compile
