#include <algorithm>
#include <random>

#include <gtest/gtest.h>

#include "core/base/text.hpp"
#include "orchestrator/compile/templates/limits.hpp"
#include "tests/unit/orchestrator/compile/templates/fixture.hpp"

// Properties over random templates and names, the same ones in every run.
namespace evenkeel::templates {
namespace {

constexpr int kRounds = 5000;
constexpr std::string_view kWords[] = {"a", "b", "c", "labels", "facts", "0", "1", "root"};
constexpr std::string_view kPieces[] = {
    "x",      "\n",     " ",          "\r\n",          "{{",
    "}}",     "{{{",    "}}}",        "{{!",           "{{#",
    "{{^",    "{{/",    "{{& ",       "{{>",           "{{=",
    "|json",  "|join",  ":\", \"",    "{{#if ",        "{{/if}}",
    " = 1",   ".",      "root.",      "@index",        "@last",
    "{{.}}",  "{{a}}",  "{{b.c}}",    "{{#b}}",        "{{/b}}",
    "{{#a}}", "{{/a}}", "{{c|json}}", "{{^labels.c}}", "{{/labels.c}}",
    "é",      "{{#c}}", "{{/c}}",     "{{c}}"};

class Random {
  public:
    std::size_t below(std::size_t bound) { return generator_() % bound; }
    std::string_view word() { return kWords[below(std::size(kWords))]; }

    json::Value value(int depth) {
        const std::size_t kind = below(depth > 0 ? 7 : 5);
        if (kind == 0) return nullptr;
        if (kind == 1) return below(2) == 0;
        if (kind == 2) return static_cast<std::int64_t>(below(3));
        if (kind == 3) return 0.5;
        if (kind == 4) return std::string(below(3), 'y');
        if (kind == 5) {
            json::Array list;
            for (std::size_t left = below(4); left > 0; --left) list.push_back(value(depth - 1));
            return list;
        }
        return object(depth - 1);
    }

    json::Value object(int depth) {
        json::Object members;
        for (std::size_t left = 1 + below(5); left > 0; --left) {
            members.set(std::string(word()), value(depth));
        }
        return members;
    }

    // Of pieces, so that it often parses; now and then a byte is wrong.
    std::string text() {
        std::string out;
        for (std::size_t left = below(12); left > 0; --left) {
            out += below(4) == 0 ? word() : kPieces[below(std::size(kPieces))];
        }
        if (!out.empty() && below(8) == 0) out[below(out.size())] = static_cast<char>(below(256));
        return out;
    }

    // Of whole tags and closed blocks, so that it always parses.
    std::string whole(int depth) {
        std::string out;
        for (std::size_t left = 1 + below(3); left > 0; --left) out += element(depth);
        return out;
    }

  private:
    std::string path() {
        std::string out = below(4) == 0 ? "root." : "";
        out += word();
        while (below(3) == 0) out.append(".").append(word());
        return out;
    }
    std::string element(int depth) {
        if (below(4) == 0) return below(2) == 0 ? "text" : "\n";
        const std::string name = path();
        if (depth == 0 || below(2) == 0) return "{{" + name + (below(2) == 0 ? "}}" : "|json}}");
        if (below(4) == 0) return "{{#if " + name + " = 1}}" + whole(depth - 1) + "{{/if}}";
        const char* const kind = below(3) == 0 ? "^" : "#";
        return "{{" + (kind + name) + "}}" + whole(depth - 1) + "{{/" + name + "}}";
    }

    std::mt19937_64 generator_{1};
};

// The same value with the members of every object the other way round.
json::Value reversed(const json::Value& value) {
    if (value.is_array()) {
        json::Array list;
        for (const json::Value& item : value.as_array()) list.push_back(reversed(item));
        return list;
    }
    if (!value.is_object()) return value;
    std::vector<json::Member> members(value.as_object().begin(), value.as_object().end());
    json::Object out;
    for (auto at = members.rbegin(); at != members.rend(); ++at) {
        out.append(at->first, reversed(at->second));
    }
    return out;
}

bool announces(const Template& read, const std::string& asked) {
    const auto& uses = read.names_used();
    return std::any_of(uses.begin(), uses.end(), [&](const NameUse& use) {
        return use.path == asked || use.path.starts_with(asked + ".");
    });
}

void check(const Template& read, const std::string& text, const json::Value& names) {
    TestNames source(names.as_object());
    const auto rendered = read.render(source);
    TestNames other(reversed(names).as_object());
    const auto again = read.render(other);
    ASSERT_EQ(rendered.has_value(), again.has_value()) << text;
    if (rendered) {
        EXPECT_EQ(rendered->value, again->value) << text;
        EXPECT_LE(json::write(rendered->value).size(), 6 * kOutputBytesMost);
    } else {
        EXPECT_EQ(to_string(rendered.error()), to_string(again.error())) << text;
        EXPECT_EQ(rendered.error().known, again.error().known) << text;
        EXPECT_LE(rendered.error().place.byte, text.size());
    }
    for (const std::string& asked : source.asked) EXPECT_TRUE(announces(read, asked)) << text;
}

TEST(Random, TemplatesAreRefusedOrRendered) {
    Random random;
    int read_texts = 0;
    for (int i = 0; i < kRounds; ++i) {
        const std::string text = random.text();
        const auto read = Template::parse(text, read_test_condition);
        if (!read) {
            EXPECT_LE(read.error().place.byte, text.size()) << text;
            EXPECT_FALSE(read.error().what.empty()) << text;
            continue;
        }
        ++read_texts;
        check(*read, text, random.object(3));
    }
    EXPECT_GT(read_texts, kRounds / 10);
}

TEST(Random, OrderOfNamesDoesNotMatter) {
    Random random;
    int rendered = 0;
    for (int i = 0; i < kRounds; ++i) {
        const std::string text = random.whole(4);
        const auto read = Template::parse(text, read_test_condition);
        ASSERT_TRUE(read) << text << ": " << to_string(read.error());
        const json::Value names = random.object(4);
        check(*read, text, names);
        TestNames source(names.as_object());
        if (read->render(source)) ++rendered;
    }
    EXPECT_GT(rendered, kRounds / 20);
}

TEST(Random, NamesThatAreNotUsedChangeNothing) {
    Random random;
    for (int i = 0; i < kRounds; ++i) {
        const std::string text = random.whole(3);
        const auto read = Template::parse(text, read_test_condition);
        ASSERT_TRUE(read) << text;
        json::Value names = random.object(4);
        TestNames before(names.as_object());
        const auto rendered = read->render(before);
        if (!rendered) continue;
        for (const std::string_view word : kWords) {
            if (!before.asked.contains(std::string(word))) {
                names.as_object().set(std::string(word), random.value(2));
            }
        }
        TestNames after(names.as_object());
        const auto again = read->render(after);
        ASSERT_TRUE(again) << text << ": " << to_string(again.error());
        EXPECT_EQ(rendered->value, again->value) << text;
    }
}

TEST(Random, TextWithoutMarksIsGivenAsItIs) {
    Random random;
    for (int i = 0; i < kRounds; ++i) {
        std::string text = random.text();
        if (text.find("{{") != std::string::npos) continue;
        TestNames names("{}");
        EXPECT_EQ(parsed(text).render(names)->value, json::Value(text));
    }
}

}  // namespace
}  // namespace evenkeel::templates
