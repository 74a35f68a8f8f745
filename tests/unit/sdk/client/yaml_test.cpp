#include "sdk/client/cli/yaml.hpp"

#include <algorithm>
#include <cstdint>

#include <gtest/gtest.h>

namespace evenkeel::cli {
namespace {

// The JSON of the only document, or the error.
std::string read(std::string_view text) {
    const auto documents = parse_yaml(text);
    if (!documents) return documents.error().what;
    if (documents->size() != 1) return std::to_string(documents->size()) + " documents";
    return json::write(documents->front());
}

TEST(Yaml, AModeStaysText) {
    EXPECT_EQ(read("mode: 0644"), R"({"mode":"0644"})");
    EXPECT_EQ(read("mode: \"0644\""), R"({"mode":"0644"})");
    EXPECT_EQ(read("mode: 6755"), R"({"mode":6755})");
}

TEST(Yaml, ALineIsKnownOfEachValue) {
    const auto documents =
        parse_yaml_with_lines("a: 1\n---\nb:\n  - c: |\n      text\n  - {d/e: 2}\n");
    ASSERT_TRUE(documents) << documents.error().what;
    ASSERT_EQ(documents->size(), 2U);
    EXPECT_EQ((*documents)[0].lines, (Lines{{"", 1}, {"/a", 1}}));
    EXPECT_EQ(
        (*documents)[1].lines,
        (Lines{{"", 3}, {"/b", 3}, {"/b/0", 4}, {"/b/0/c", 4}, {"/b/1", 6}, {"/b/1/d~1e", 6}}));
    EXPECT_EQ(json::write((*documents)[1].value), R"({"b":[{"c":"text\n"},{"d/e":2}]})");
}

TEST(Yaml, WordsThatOtherReadersTakeForSomethingElseStayText) {
    for (const std::string word :
         {"no",   "No",    "NO",   "yes",   "on",    "off",        "y",     "n",
          "True", "FALSE", "012",  "0o14",  "0x1f",  "1e3",        "1.10",  "1.0",
          ".5",   "+7",    "-0.5", "22:22", "1:2:3", "2026-11-29", "1_000", "2026-11-29T05:36:53Z",
          ".inf", ".nan",  "=",    "00",    "-01"}) {
        EXPECT_EQ(read("a: " + word), "{\"a\":\"" + word + "\"}");
        EXPECT_EQ(read("- " + word), "[\"" + word + "\"]");
        EXPECT_EQ(read(word + ": 1"), "{\"" + word + "\":1}") << "as a name";
    }
}

TEST(Yaml, WhatIsUnmistakableIsWhatItSays) {
    EXPECT_EQ(read("a: true\nb: false\nc: null\nd: ~\ne:\nf: 0\ng: -17\nh: ''"),
              R"({"a":true,"b":false,"c":null,"d":null,"e":null,"f":0,"g":-17,"h":""})");
    EXPECT_EQ(read("a: 9223372036854775807"), R"({"a":9223372036854775807})");
    EXPECT_EQ(read("a: 9223372036854775808"),
              "not usable YAML: the number is too large at line 1, column 4");
    EXPECT_EQ(read("a: !!str 7\nb: !!float 1.5\nc: !!int 7\nd: !!str true\ne: !!bool true"),
              R"({"a":"7","b":1.5,"c":7,"d":"true","e":true})");
}

TEST(Yaml, TagsThatSayMoreThanThatAreRefused) {
    for (const char* text : {"a: !!binary aGk=", "a: !secret x", "a: !!int x", "a: !!float .inf",
                             "a: !!set {b, c}", "a: !!bool 1", "!!omap [a: 1]"}) {
        EXPECT_NE(read(text).find("cannot have the tag"), std::string::npos) << read(text);
    }
}

TEST(Yaml, ANameIsTextAndIsThereOnce) {
    EXPECT_EQ(read("a: 1\nb: 2\na: 3"), "not usable YAML: 'a' is there twice at line 3, column 1");
    EXPECT_EQ(read("x: {a: 1, 'a': 2}"),
              "not usable YAML: 'a' is there twice at line 1, column 11");
    for (const char* text : {"1: a", "true: a", "null: a", "~: a", "? [a]\n: b", "? {a: b}\n: c"}) {
        EXPECT_NE(read(text).find("a name is text"), std::string::npos) << text << read(text);
    }
    EXPECT_EQ(read("'1': a"), R"({"1":"a"})");
}

TEST(Yaml, MergingIsRefusedAndAliasesAreWhatTheirAnchorIs) {
    EXPECT_EQ(read("a: &x {b: 1}\nc: *x"), R"({"a":{"b":1},"c":{"b":1}})");
    EXPECT_NE(read("a: &x {b: 1}\nc:\n  <<: *x").find("merging with <<"), std::string::npos);
    EXPECT_NE(read("a: *nothing").find("line 1"), std::string::npos);
}

TEST(Yaml, WhatAliasesMultiplyToIsBounded) {
    std::string laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
    for (int i = 1; i < 12; ++i) {
        const std::string last = "*a" + std::to_string(i - 1);
        std::string line = "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + last;
        for (int j = 0; j < 9; ++j) line += ", " + last;
        laughs += line + "]\n";
    }
    const auto documents = parse_yaml(laughs);
    ASSERT_FALSE(documents);
    EXPECT_EQ(documents.error().code, Errc::limit);
    const auto endless = parse_yaml("a: &a [*a]");
    ASSERT_FALSE(endless);
}

TEST(Yaml, DepthIsBounded) {
    for (const std::string& text :
         {std::string(70, '['), std::string(100'000, '['), std::string(100'000, '{'),
          std::string(70, '[') + std::string(70, ']')}) {
        EXPECT_FALSE(parse_yaml(text));
    }
    EXPECT_TRUE(parse_yaml(std::string(60, '[') + std::string(60, ']')));
}

TEST(Yaml, SeveralDocumentsAndEmptyOnes) {
    const auto documents = parse_yaml("---\na: 1\n---\n# nothing\n---\nb: 2\n...\n");
    ASSERT_TRUE(documents);
    ASSERT_EQ(documents->size(), 2U);
    EXPECT_EQ(json::write((*documents)[1]), R"({"b":2})");
    EXPECT_EQ(parse_yaml("")->size(), 0U);
}

TEST(Yaml, WhatIsNoYamlSaysWhere) {
    EXPECT_NE(read("a:\n\tb: 1").find("at line 2"), std::string::npos) << read("a:\n\tb: 1");
    EXPECT_NE(read("a: [1, 2").find("at line "), std::string::npos);
    EXPECT_NE(read("a: \xff").find("not UTF-8"), std::string::npos);
    EXPECT_NE(read(std::string_view("a: 1\0b", 6)).find("zero byte"), std::string::npos);
    EXPECT_EQ(parse_yaml(std::string(kYamlBytesMost + 1, ' ')).error().code, Errc::limit);
}

TEST(Yaml, QuotesThatAreNotClosedAreRefused) {
    for (const std::string text :
         {"a: \"abc\n  b: 1\n", "a: 'abc\n  b: 1\n", "a: \"abc\n  ", "a: \"abc  ", "'a\n", "\"a",
          "a: \"abc\n...\nb: 1\n", "- 'a\n- b\n", "a: \"x\\\"\n"}) {
        EXPECT_NE(read(text).find("ends inside quotes, which are not closed, at line "),
                  std::string::npos)
            << text << read(text);
    }
    EXPECT_EQ(read("a: \"abc\n  b: 1\n"),
              "not usable YAML: the document ends inside quotes, which are not closed, "
              "at line 3, column 1");
}

TEST(Yaml, TheEndOfABlockIsAsItIsWritten) {
    EXPECT_EQ(read("a: |+\n  x\n\n"), R"({"a":"x\n\n"})");
    EXPECT_EQ(read("a: |+\n  x\n"), R"({"a":"x\n"})");
    EXPECT_EQ(read("a: |+\n  x"), R"({"a":"x"})");
    EXPECT_EQ(read("a: |\n  x"), R"({"a":"x"})");
    EXPECT_EQ(read("a: |-\n  x\n\n"), R"({"a":"x"})");
    EXPECT_EQ(read("a: |+\n  x\n\n...\n"), R"({"a":"x\n\n"})");
    EXPECT_EQ(read("a: x # y"), R"({"a":"x"})");
}

TEST(Yaml, DirectivesAreNotDroppedWithoutAWord) {
    for (const char* text :
         {"a: 1\n...\n%junk\n", "a: 1\n%junk\n", "a: 1\n%b: 2\nc: 3\n", "%TAG ! x\n---\na: 1\n",
          "\xEF\xBB\xBF%junk\n---\na: 1\n", "a: 1\n%YAML 1.2\nb: 1\n", "%YAMLS\n---\na: 1\n"}) {
        EXPECT_NE(read(text).find("a line begins with %"), std::string::npos) << text;
        EXPECT_NE(read(text).find("at line "), std::string::npos) << text;
    }
    EXPECT_EQ(read("# so\n%YAML 1.2\n---\na: |\n  %x\n"), R"({"a":"%x\n"})");
    EXPECT_EQ(parse_yaml("a: 1\n...\n%YAML 1.2\n---\nb: 1\n")->size(), 2U);
}

TEST(Yaml, ControlCharactersAreRefusedAndNotDropped) {
    EXPECT_EQ(read("a: 1\nb: x\x04y\n"),
              "not usable YAML: a control character (\\x04) at line 2, column 5");
    EXPECT_NE(read("a: \"\x1b[2J\"").find("(\\x1b)"), std::string::npos);
    EXPECT_EQ(read("a:\t\"x\ty\"\r\n"), R"({"a":"x\ty"})");
}

std::string utf8(std::uint32_t c) {
    const auto byte = [](std::uint32_t value) { return static_cast<char>(value); };
    if (c < 0x80) return {byte(c)};
    if (c < 0x800) return {byte(0xC0 | (c >> 6)), byte(0x80 | (c & 0x3F))};
    if (c < 0x10000) {
        return {byte(0xE0 | (c >> 12)), byte(0x80 | ((c >> 6) & 0x3F)), byte(0x80 | (c & 0x3F))};
    }
    return {byte(0xF0 | (c >> 18)), byte(0x80 | ((c >> 12) & 0x3F)), byte(0x80 | ((c >> 6) & 0x3F)),
            byte(0x80 | (c & 0x3F))};
}

TEST(Yaml, EveryCharacterReadsBackAsItself) {
    std::vector<std::uint32_t> all;
    for (std::uint32_t c = 1; c < 0x10000; ++c) {
        if (c < 0xD800 || c > 0xDFFF) all.push_back(c);
    }
    for (std::uint32_t plane = 1; plane <= 16; ++plane) {
        for (const std::uint32_t c : {0x0U, 0xF600U, 0xFFFEU, 0xFFFFU}) {
            all.push_back((plane << 16) | c);
        }
    }
    json::Array texts;
    for (std::size_t i = 0; i < all.size(); i += 16) {
        std::string text;
        for (std::size_t j = i; j < std::min(i + 16, all.size()); ++j) text += utf8(all[j]);
        texts.push_back(json::Object{{text, "a" + text + "\n"}, {text + "-", text}});
    }
    const auto back = parse_yaml(write_yaml(texts));
    ASSERT_TRUE(back) << back.error().what;
    EXPECT_TRUE(json::Value(back->front()) == json::Value(texts));
}

TEST(Yaml, NoncharactersAreWrittenAsEscapes) {
    const std::string odd = "\xEF\xBF\xBF\xEF\xB7\x90\xF0\x9F\xBF\xBEü";
    EXPECT_EQ(write_yaml(json::Object{{odd, odd}, {"block", odd + "\n"}}),
              "\"\\uFFFF\\uFDD0\\U0001FFFEü\": \"\\uFFFF\\uFDD0\\U0001FFFEü\"\n"
              "block: \"\\uFFFF\\uFDD0\\U0001FFFEü\\n\"\n");
}

TEST(Yaml, ALongNameReadsBack) {
    const json::Value value = json::Object{{std::string(2000, '#'), json::Array{"x"}}};
    EXPECT_EQ(read(write_yaml(value)), json::write(value));
}

TEST(Yaml, WhatIsWrittenReadsBackAsTheSame) {
    const json::Value all =
        json::Object{{"mode", "0644"},
                     {"no", "yes"},
                     {"number", 7},
                     {"float", 1.5},
                     {"big", 1e300},
                     {"null", nullptr},
                     {"truth", true},
                     {"empty", ""},
                     {"text", "a\nb\n"},
                     {"tail", "a\nb"},
                     {"indent", "  a\nb\n"},
                     {"tab", "\ta\n"},
                     {"two", "a\n\n\nb\n\n"},
                     {"hash", "# a"},
                     {"colon", "a: b"},
                     {"dash", "- a"},
                     {"date", "2026-11-29"},
                     {"tilde", "~"},
                     {"star", "*a"},
                     {"quote", "'\"\\"},
                     {"umlaut", "Übergröße\n"},
                     {"emoji", "a😀b"},
                     {"return", "a\r\nb\r\n"},
                     {"NULL", "NULL"},
                     {"object", json::Object{}},
                     {"list", json::Array{}},
                     {"deep", json::Array{json::Object{{"a", json::Array{1, "2", json::Array{}}}}}},
                     {"line", "\n"},
                     {"esc", "\x1b[2J\xe2\x80\xae"},
                     {"on", "1e3"}};
    const std::string text = write_yaml(all);
    const auto back = parse_yaml(text);
    ASSERT_TRUE(back) << back.error().what << "\n" << text;
    ASSERT_EQ(back->size(), 1U);
    EXPECT_EQ(json::write(back->front()), json::write(all)) << text;
    EXPECT_EQ(text.find('\x1b'), std::string::npos);
    EXPECT_EQ(text.find("\xe2\x80\xae"), std::string::npos);
    EXPECT_NE(text.find("Übergröße"), std::string::npos);
    EXPECT_NE(text.find("mode: \"0644\""), std::string::npos);
}

}  // namespace
}  // namespace evenkeel::cli
