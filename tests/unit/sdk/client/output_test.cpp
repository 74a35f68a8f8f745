#include "sdk/client/cli/output.hpp"

#include <clocale>

#include <gtest/gtest.h>

#include "core/json/json.hpp"

namespace evenkeel::cli {
namespace {

class TableTest : public ::testing::Test {
  protected:
    void SetUp() override { ASSERT_NE(std::setlocale(LC_CTYPE, "C.UTF-8"), nullptr); }
};

std::size_t widest_line(const std::string& text) {
    std::size_t widest = 0;
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = text.find('\n', begin);
        widest = std::max(widest, display_width(text.substr(begin, end - begin)));
        begin = end + 1;
    }
    return widest;
}

TEST_F(TableTest, FitsEveryWidthAndIsWholeWithoutOne) {
    const Table table{{"NAME", "DETAIL", "ID"},
                      {{"web1", std::string(300, 'x'), "i"}, {"日本語のホスト", "", "ü"}}};
    for (std::size_t width = 1; width < 120; ++width) {
        EXPECT_LE(widest_line(render(table, {.width = width, .colour = false})), width);
    }
    const std::string whole = render(table, {});
    EXPECT_NE(whole.find(std::string(300, 'x')), std::string::npos);
    EXPECT_NE(whole.find("日本語のホスト  -"), std::string::npos);
}

TEST_F(TableTest, WhatNamesTheRowIsShortenedLast) {
    const Table table{
        {{"ID", Column::Room::kept}, "DETAIL", "SINCE"},
        {{"/etc/nginx/nginx.conf", std::string(200, 'x'), "2026-11-23T05:36:53.120Z"}}};
    for (std::size_t width = 45; width < 100; ++width) {
        const std::string shown = render(table, {.width = width});
        EXPECT_NE(shown.find("/etc/nginx/nginx.conf  "), std::string::npos) << shown;
    }
    EXPECT_NE(render(table, {}).find("2026-11-23T05:36:53Z\n"), std::string::npos);
}

TEST_F(TableTest, WideColumnsAreForWideTables) {
    const Table table{{"A", {"B", Column::Room::wide}, "C"}, {{"1", "2", "3"}}};
    EXPECT_EQ(render(table, {}), "A  C\n1  3\n");
    EXPECT_EQ(render(table, {.wide = true}), "A  B  C\n1  2  3\n");
}

TEST_F(TableTest, AlignsByColumnsOfTheTerminal) {
    EXPECT_EQ(render({{"A", "B"}, {{"日本", "x"}, {"ü", "y"}}}, Look{}),
              "A     B\n日本  x\nü     y\n");
}

TEST_F(TableTest, ColoursTheStatusWordAndNothingElse) {
    const std::string text =
        render({{"STATUS", "ID"}, {{"drifted", "drifted-file"}}}, {.width = 0, .colour = true});
    EXPECT_EQ(text, "STATUS   ID\n\033[33mdrifted\033[0m  drifted-file\n");
}

TEST_F(TableTest, MakesEveryCellPrintable) {
    EXPECT_EQ(render({{"A"}, {{"a\x1b[2J\nb"}}}, {}), "A\na\\x1b[2J\\nb\n");
}

TEST_F(TableTest, ShortensBetweenCharacters) {
    EXPECT_EQ(shortened("日本語", 6), "日本語");
    EXPECT_EQ(shortened("日本語", 5), "日本…");
    EXPECT_EQ(shortened("日本語", 4), "日…");
    EXPECT_EQ(shortened("abc", 1), "…");
    EXPECT_EQ(shortened("abc", 0), "");
}

TEST(TerminalSafeJson, KeepsTheValueAndEscapesWhatDrivesATerminal) {
    const std::string text = "{\"a\":\"\u202e\u009b2J\u2028ü日\U0001F600\"}";
    const std::string safe = terminal_safe_json(text);
    EXPECT_EQ(safe, "{\"a\":\"\\u202e\\u009b2J\\u2028ü日\U0001F600\"}");
    EXPECT_EQ(*json::parse(safe), *json::parse(text));
    EXPECT_EQ(terminal_safe_json("[\"a\x7f\"]"), "[\"a\\u007f\"]");
}

TEST(Brief, ShowsStringsBareContentByHashAndSecretsAsRedacted) {
    EXPECT_EQ(brief("\"0644\""), "0644");
    EXPECT_EQ(brief("null"), "");
    EXPECT_EQ(brief("[1,2]"), "[1,2]");
    EXPECT_EQ(brief(R"({"sha256":"0123456789abcdef","size":6,"diff":"x"})"),
              "sha256 0123456789ab, 6 bytes");
    EXPECT_EQ(brief(R"({"redacted":"fedcba98765432"})"), "redacted fedcba987654");
}

}  // namespace
}  // namespace evenkeel::cli
