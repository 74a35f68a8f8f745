#include "orchestrator/filter/filter.hpp"

#include <random>

#include <gtest/gtest.h>

#include "tests/support/page.hpp"

namespace evenkeel::filter {
namespace {

const Fields kFields = {{.name = "name"},
                        {.name = "environment", .is_tree = true},
                        {.name = "size"},
                        {.name = "ready"},
                        {.name = "version"},
                        {.name = "gone"},
                        {.name = "seen"},
                        {.name = "tags"},
                        {.name = "state", .values = {"up", "down"}},
                        {.name = "labels"},
                        {.name = "labels."},
                        {.name = "owners.assignment"}};

const std::string kPage = test::read_page("filters.md");

bool matches(const std::string& text, const json::Value& item) {
    const auto filter = Filter::read(text, kFields);
    EXPECT_TRUE(filter) << text << ": " << (filter ? "" : filter.error().sentence());
    return filter && filter->matches(item);
}

TEST(FilterTest, ThePageIsRight) {
    const json::Value item = test::json_block(kPage, 0);
    const auto rows = test::table_rows(kPage, 1);
    EXPECT_GE(rows.size(), 40U);
    for (const auto& row : rows) {
        ASSERT_TRUE(row[1] == "true" || row[1] == "false") << row[1];
        EXPECT_EQ(matches(test::code(row[0]), item), row[1] == "true") << row[0];
    }
}

TEST(FilterTest, WhatIsWrongIsSaidAsOnThePage) {
    const auto rows = test::table_rows(kPage, 2);
    EXPECT_GE(rows.size(), 12U);
    for (const auto& row : rows) {
        const auto filter = Filter::read(test::code(row[0]), kFields);
        ASSERT_FALSE(filter) << row[0];
        EXPECT_EQ(filter.error().sentence(), row[1]) << row[0];
    }
}

TEST(FilterTest, AnEmptyFilterFindsEverythingButNoTextIsEmpty) {
    EXPECT_TRUE(Filter().matches(json::Object{}));
    EXPECT_FALSE(Filter::read("", kFields));
    EXPECT_FALSE(Filter::read("  ", kFields));
}

TEST(FilterTest, ItsSizeHasBounds) {
    EXPECT_EQ(Filter::read(std::string(5000, ' '), kFields).error().position, kFilterBytesMost);
    std::string many = "size = 0";
    for (std::size_t i = 1; i < kTermsMost; ++i) many += " OR size=1";
    EXPECT_TRUE(Filter::read(many, kFields));
    EXPECT_FALSE(Filter::read(many + " OR size=1", kFields));
    for (const std::string opening : {"(", "NOT "}) {
        std::string deep = "size = 0";
        const std::string closing = opening == "(" ? ")" : "";
        for (std::size_t i = 0; i < kDepthMost; ++i) deep = opening + deep + closing;
        EXPECT_TRUE(Filter::read(deep, kFields));
        EXPECT_FALSE(Filter::read(opening + deep + closing, kFields));
    }
    // Side by side is not deep.
    std::string wide = "(size = 0)";
    for (int i = 0; i < 50; ++i) wide += " AND (NOT size = 1)";
    EXPECT_TRUE(Filter::read(wide, kFields));
}

TEST(FilterTest, SaysWhichValueItDemands) {
    const auto required = [](const char* text, const char* field) {
        return Filter::read(text, kFields)->required(field).value_or("-");
    };
    EXPECT_EQ(required("name = a", "name"), "a");
    EXPECT_EQ(required("size > 3 AND (state = up AND name = a)", "name"), "a");
    EXPECT_EQ(required("size > 3", "name"), "-");
    EXPECT_EQ(required("name = a OR size = 3", "name"), "-");
    EXPECT_EQ(required("NOT name = a", "name"), "-");
    EXPECT_EQ(required("name != a", "name"), "-");
    EXPECT_EQ(required("name in (a)", "name"), "-");
    EXPECT_EQ(required("name = null", "name"), "-");
    EXPECT_EQ(required("name = \"null\"", "name"), "null");
    EXPECT_EQ(required("environment = prod", "environment"), "-");
    EXPECT_FALSE(Filter().required("name"));
}

TEST(FilterTest, NamesItsFields) {
    const auto filter =
        Filter::read("size > 3 AND NOT (labels.b = 1 OR name : x) AND size < 9", kFields);
    EXPECT_EQ(filter->fields(),
              (std::vector<FieldUse>{{"size", 0}, {"labels.b", 18}, {"name", 34}}));
}

TEST(FilterTest, TakesNamesOfHostsForTheirIds) {
    const Fields fields = {{.name = "host", .is_host = true}, {.name = "name"}};
    const auto id_of = [](const std::string& name) { return name == "web1" ? "host_1" : name; };
    const auto filter =
        Filter::read("host in (web1, web2) AND name = web1", fields)->with_host_ids(id_of);
    EXPECT_TRUE(filter.matches(json::Object{{"host", "host_1"}, {"name", "web1"}}));
    EXPECT_TRUE(filter.matches(json::Object{{"host", "web2"}, {"name", "web1"}}));
    EXPECT_FALSE(filter.matches(json::Object{{"host", "web1"}, {"name", "web1"}}));
    EXPECT_FALSE(filter.matches(json::Object{{"host", "host_1"}, {"name", "host_1"}}));
}

// A second reading of the language, slow and obvious: a random filter is made together with what
// it says about an item of texts, as a function.
class RandomFilter {
  public:
    explicit RandomFilter(unsigned seed) : random_(seed) {}

    struct Made {
        std::string text;
        std::function<bool(const json::Value&)> judge;
    };

    Made make(int depth) {
        const int kind = depth == 0 ? 0 : below(5);
        if (kind <= 1) return comparison();
        if (kind == 2) {
            Made inner = make(depth - 1);
            return {"NOT (" + inner.text + ")",
                    [inner](const json::Value& item) { return !inner.judge(item); }};
        }
        Made a = make(depth - 1);
        Made b = make(depth - 1);
        if (kind == 3) {
            return {"(" + a.text + ")" + spaces() + "AND" + spaces() + "(" + b.text + ")",
                    [a, b](const json::Value& item) { return a.judge(item) && b.judge(item); }};
        }
        // Without parentheses: AND binds closer, so an OR of what it made is the same.
        return {a.text + " OR " + b.text,
                [a, b](const json::Value& item) { return a.judge(item) || b.judge(item); }};
    }

    json::Value item() {
        json::Object item;
        for (const char* field : kNames) {
            if (below(4) != 0) item.set(field, std::string(1, letter()));
        }
        return item;
    }

  private:
    static constexpr const char* kNames[] = {"name", "version", "seen"};

    int below(int bound) { return static_cast<int>(random_() % static_cast<unsigned>(bound)); }
    char letter() { return static_cast<char>('a' + below(3)); }
    std::string spaces() { return std::string(static_cast<std::size_t>(1 + below(3)), ' '); }

    Made comparison() {
        static constexpr const char* kOperators[] = {"=", "!=", "<", "<=", ">", ">=", ":", "in"};
        const std::string field = kNames[below(3)];
        const std::string op = kOperators[below(8)];
        const std::string value(1, letter());
        const std::string other(1, letter());
        const std::string text = op == "in" ? field + " in (" + value + " ,\"" + other + "\")"
                                            : field + spaces() + op + value;
        return {text, [=](const json::Value& item) {
                    const json::Value* found = item.find(field);
                    const std::string is = found ? found->as_string() : "";
                    if (op == "!=") return !found || is != value;
                    if (!found) return false;
                    if (op == "=") return is == value;
                    if (op == "<") return is < value;
                    if (op == "<=") return is <= value;
                    if (op == ">") return is > value;
                    if (op == ">=") return is >= value;
                    if (op == ":") return is.find(value) != std::string::npos;
                    return is == value || is == other;
                }};
    }

    std::mt19937 random_;
};

TEST(FilterTest, JudgesLikeTheObviousReading) {
    for (unsigned seed = 0; seed < 3000; ++seed) {
        RandomFilter random(seed);
        const auto made = random.make(4);
        const auto filter = Filter::read(made.text, kFields);
        ASSERT_TRUE(filter) << made.text << ": " << filter.error().sentence();
        for (int i = 0; i < 5; ++i) {
            const json::Value item = random.item();
            ASSERT_EQ(filter->matches(item), made.judge(item))
                << made.text << "\n"
                << json::write(item) << " seed " << seed;
        }
    }
}

}  // namespace
}  // namespace evenkeel::filter
