#include <string>
#include <vector>

#include <evenkeel/json.hpp>
#include <evenkeel/plugin.hpp>
#include <gtest/gtest.h>

#include "plugins/posix/format.hpp"
#include "plugins/posix/path.hpp"

namespace evenkeel {
namespace {

template <typename Work>
std::string failure(Work&& work) {
    try {
        work();
    } catch (const sdk::Failure& thrown) {
        return thrown.what();
    }
    return "";
}

TEST(Path, IsCanonicalInOneWayOnly) {
    EXPECT_EQ(posix::canonical("/a/./b//../c/"), "/a/c");
    EXPECT_EQ(posix::canonical("/../.."), "/");
    EXPECT_EQ(posix::canonical("a/b"), "");
    EXPECT_EQ(posix::parent("/a"), "/");
    EXPECT_EQ(posix::join("/", "a"), "/a");
}

// Every text of up to seven of these letters.
TEST(Path, IsTakenOnlyAsItsCanonicalSelf) {
    std::vector<std::string> all{""};
    for (std::size_t at = 0; all[at].size() < 7; ++at)
        for (const char letter : {'/', '.', 'a'}) all.push_back(all[at] + letter);
    for (const std::string& path : all) {
        const bool is_taken = failure([&] { posix::require_canonical(path); }).empty();
        EXPECT_EQ(is_taken, !path.empty() && path == posix::canonical(path)) << path;
    }
    for (const std::string& bad : {std::string("/a\0b", 4), "/" + std::string(256, 'a')})
        EXPECT_NE(failure([&] { posix::require_canonical(bad); }), "") << bad;
    EXPECT_EQ(failure([] { posix::require_canonical("/a/../b"); }),
              "\"/a/../b\" is not canonical: write \"/b\"");
}

TEST(Mode, IsFourOctalDigits) {
    EXPECT_EQ(posix::mode_of("4755"), 04755u);
    EXPECT_EQ(posix::mode_text(0100644), "0644");
    for (const char* bad : {"", "644", "00644", "0648", "-644", "0x44"})
        EXPECT_NE(failure([&] { posix::mode_of(bad); }), "") << bad;
}

TEST(SdkJson, KeepsTheRulesOfTheGate) {
    using sdk::json::parse;
    EXPECT_EQ(failure([] { parse(R"({"a":[1,2.5,"\u00e4",null,true]})"); }), "");
    const std::string kBad[] = {std::string(""),          std::string("{"),
                                std::string("{}x"),       std::string("{}\0", 3),
                                std::string("{}\0{}", 5), std::string("\"\xff\""),
                                std::string("NaN"),       std::string(R"({"a":1,"a":2})"),
                                std::string(100'000, '[')};
    for (const std::string& bad : kBad)
        EXPECT_NE(failure([&] { parse(bad); }), "") << bad.substr(0, 20);
    const std::string deep = std::string(64, '[') + std::string(64, ']');
    EXPECT_EQ(failure([&] { parse(deep); }), "");
    EXPECT_NE(failure([&] { parse("[" + deep + "]"); }), "");
}

TEST(SdkJson, WritesWhatItReads) {
    const std::string odd = "a\"\\\n\t\x01\x7f \xc3\xa4 \xf0\x9f\x98\x80";
    EXPECT_EQ(sdk::json::text(sdk::json::parse(sdk::quote(odd))), odd);
    EXPECT_EQ(sdk::quote("\xed\xa0\x80\xff"), "\"\\ufffd\\ufffd\\ufffd\\ufffd\"");
    EXPECT_EQ(sdk::Object().text("a", "b").number("n", -1).boolean("t", true).json(),
              R"({"a":"b","n":-1,"t":true})");
}

}  // namespace
}  // namespace evenkeel
