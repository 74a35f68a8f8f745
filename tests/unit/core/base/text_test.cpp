#include "core/base/text.hpp"

#include <gtest/gtest.h>

namespace evenkeel {
namespace {

using namespace std::string_literals;

TEST(Hex, ReadsBackWhatItWrote) {
    const std::string bytes = "\x00\x7f\x80\xff\n"s;
    EXPECT_EQ(to_hex(bytes), "007f80ff0a");
    EXPECT_EQ(from_hex("007F80fF0a").value(), bytes);
}

TEST(Hex, RefusesOddLengthsAndOtherLetters) {
    EXPECT_EQ(from_hex("abc").error().code, Errc::invalid);
    EXPECT_EQ(from_hex("0g").error().code, Errc::invalid);
    EXPECT_EQ(from_hex("0 ").error().code, Errc::invalid);
}

TEST(Base64, IsReadBackOrInvalid) {
    EXPECT_EQ(from_base64(to_base64("foob")).value(), "foob");
    EXPECT_EQ(from_base64("Zh==").error().code, Errc::invalid);
}

TEST(Percent, KeepsOnlyUnreservedCharacters) {
    EXPECT_EQ(percent_encode("/etc/a b~c"), "%2Fetc%2Fa%20b~c");
    EXPECT_EQ(percent_encode("\x00é"s), "%00%C3%A9");
    EXPECT_EQ(percent_decode("%2fetc%2Fa%20b").value(), "/etc/a b");
    EXPECT_EQ(percent_decode("a+b").value(), "a+b");
}

TEST(Percent, RefusesBrokenEscapes) {
    for (const char* text : {"%", "%4", "a%4", "%zz", "%%41", "%4 "}) {
        EXPECT_EQ(percent_decode(text).error().code, Errc::invalid) << text;
    }
}

TEST(Utf8, KnowsWhatIsUtf8) {
    EXPECT_TRUE(is_utf8(""));
    EXPECT_TRUE(is_utf8("aé€😀"));
    EXPECT_TRUE(is_utf8("\0"s));
    for (const char* text :
         {"\x80", "\xc0\x80", "\xc3", "\xed\xa0\x80", "\xe0\x80\x80", "\xf0\x80\x80\x80",
          "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "a\xe2\x82"}) {
        EXPECT_FALSE(is_utf8(text)) << to_hex(text);
    }
}

TEST(Printable, ShowsWhatWouldMoveATerminal) {
    EXPECT_EQ(printable("a\nb\r\t"), "a\\nb\\r\\t");
    EXPECT_EQ(printable("\x1b[31m"), "\\x1b[31m");
    EXPECT_EQ(printable("\u202e"), "\\u202e");
    EXPECT_EQ(printable("\u2028"), "\\u2028");
    EXPECT_EQ(printable("\xc2\x9b"), "\\x9b");
    EXPECT_EQ(printable("\xff\0"s), "\\xff\\x00");
    EXPECT_EQ(printable("Grüße 😀"), "Grüße 😀");
}

TEST(Split, KeepsEmptyParts) {
    EXPECT_EQ(split("a,,b", ','), (std::vector<std::string>{"a", "", "b"}));
    EXPECT_EQ(split("", ','), (std::vector<std::string>{""}));
    EXPECT_EQ(split(",", ','), (std::vector<std::string>{"", ""}));
}

TEST(Number, TakesDigitsOnlyUpTo64Bits) {
    EXPECT_EQ(parse_number("0").value(), 0U);
    EXPECT_EQ(parse_number("18446744073709551615").value(), 18446744073709551615U);
    for (const char* text : {"", "-1", "+1", " 1", "1 ", "0x10", "1e3", "18446744073709551616"}) {
        EXPECT_EQ(parse_number(text).error().code, Errc::invalid) << text;
    }
}

TEST(Nearest, IsTheWordThatWasMeant) {
    const std::vector<std::string> words{"get", "describe", "delete", "diff", "apply", "events"};
    for (const auto& [typed, meant] :
         std::vector<std::pair<const char*, const char*>>{{"gte", "get"},
                                                          {"aply", "apply"},
                                                          {"desc", "describe"},
                                                          {"event", "events"},
                                                          {"difff", "diff"},
                                                          {"delet", "delete"},
                                                          {"frobnicate", ""},
                                                          {"", ""},
                                                          {"xyz", ""},
                                                          {"remove", ""}}) {
        EXPECT_EQ(nearest(typed, words), meant) << typed;
    }
}

TEST(Words, AreListedAsPeopleDo) {
    EXPECT_EQ(listed_in_words({}), "");
    EXPECT_EQ(listed_in_words({"a"}), "a");
    EXPECT_EQ(listed_in_words({"a", "b"}, "or"), "a or b");
    EXPECT_EQ(listed_in_words({"a", "b", "c"}), "a, b and c");
}

}  // namespace
}  // namespace evenkeel
