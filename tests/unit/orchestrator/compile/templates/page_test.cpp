#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

#include "tests/unit/orchestrator/compile/templates/fixture.hpp"

// Each row of the tables of docs/templates.md is executed with the names that the page shows.
namespace evenkeel::templates {
namespace {

std::string page() {
    std::ifstream file(std::getenv("EK_PAGE"));
    return {std::istreambuf_iterator<char>(file), {}};
}

// What stands between `open` and `close` from `at` on; moves `at` behind it.
std::string between(const std::string& text, std::string_view open, std::string_view close,
                    std::size_t& at) {
    const std::size_t begin = text.find(open, at);
    if (begin == std::string::npos) return "";
    const std::size_t end = text.find(close, begin + open.size());
    if (end == std::string::npos) return "";
    at = end + close.size();
    return text.substr(begin + open.size(), end - begin - open.size());
}

// In a table a bar is written \|.
std::string without_escapes(std::string cell) {
    for (std::size_t at = 0; (at = cell.find("\\|", at)) != std::string::npos;) cell.erase(at, 1);
    return cell;
}

TEST(Page, RowsOfItsTablesAreTrue) {
    const std::string text = page();
    std::size_t at = 0;
    const std::string names = between(text, "```json\n", "```", at);
    int rows = 0;
    for (std::size_t line = 0; (line = text.find("\n| `\"", line)) != std::string::npos; ++line) {
        std::size_t cell = line;
        const std::string source = without_escapes(between(text, "| `", "` |", cell));
        const std::string wanted = without_escapes(between(text, " `", "` |", cell));
        const auto read = json::parse(source);
        ASSERT_TRUE(read && read->is_string()) << source;
        EXPECT_EQ(render(read->as_string(), names), wanted) << source;
        ++rows;
    }
    EXPECT_GE(rows, 50);
}

}  // namespace
}  // namespace evenkeel::templates
