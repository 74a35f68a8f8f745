#pragma once

#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/text.hpp"
#include "core/json/json.hpp"

// The examples of a page of docs/, for the tests that execute them.
namespace evenkeel::test {

inline std::string read_page(const std::string& name) {
    std::ifstream file(EVENKEEL_DOCS "/" + name);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

// The part below the heading, down to the next one of its level.
inline std::string section(std::string_view page, const std::string& heading) {
    const std::size_t begin = page.find("\n## " + heading + "\n");
    if (begin == std::string_view::npos) return "";
    return std::string(page.substr(begin, page.find("\n## ", begin + 1) - begin));
}

// The n-th block of JSON, from 0; null when there is none.
inline json::Value json_block(std::string_view page, int number) {
    std::size_t begin = 0;
    for (int i = 0; i <= number; ++i) {
        begin = page.find("```json\n", begin);
        if (begin == std::string_view::npos) return {};
        begin += 8;
    }
    return json::parse(page.substr(begin, page.find("```", begin) - begin)).value_or(json::Value());
}

inline std::string without_spaces_around(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(' ');
    if (begin == std::string_view::npos) return "";
    return std::string(text.substr(begin, text.find_last_not_of(' ') + 1 - begin));
}

// The rows of the n-th table, from 0, without its head: the text of each cell.
inline std::vector<std::vector<std::string>> table_rows(std::string_view page, int number) {
    std::vector<std::vector<std::string>> rows;
    int table = -1;
    bool is_inside = false;
    for (const std::string& line : split(page, '\n')) {
        if (line.starts_with("|---")) {
            ++table;
            is_inside = true;
            continue;
        }
        is_inside = is_inside && line.starts_with("| ");
        if (!is_inside || table != number) continue;
        std::vector<std::string> cells;
        for (std::size_t at = 1; at < line.size();) {
            const std::size_t end = line.find(" |", at);
            if (end == std::string::npos) break;
            cells.push_back(without_spaces_around(std::string_view(line).substr(at, end - at)));
            at = end + 2;
        }
        rows.push_back(std::move(cells));
    }
    return rows;
}

// What stands between the first two backticks of a cell.
inline std::string code(std::string_view cell) {
    const std::size_t begin = cell.find('`') + 1;
    return begin == 0 ? "" : std::string(cell.substr(begin, cell.find('`', begin) - begin));
}

}  // namespace evenkeel::test
