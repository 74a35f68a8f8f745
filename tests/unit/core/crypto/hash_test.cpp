#include "core/crypto/hash.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "core/base/id.hpp"
#include "core/crypto/token.hpp"

namespace evenkeel::crypto {
namespace {

TEST(Sha256, AgreesWithFips180) {
    EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(sha256_hex("abc"),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Sha256, InPiecesIsTheSame) {
    Sha256 hash;
    for (int round = 0; round < 2; ++round) {
        hash.add("a");
        hash.add("");
        hash.add("bc");
        EXPECT_EQ(hash.finish(), sha256("abc"));
    }
}

TEST(Random, IsNotTheSameTwice) {
    EXPECT_EQ(random_bytes(32).size(), 32U);
    EXPECT_NE(random_bytes(32), random_bytes(32));
}

TEST(Token, IsFoundByItsIdAndKnownByItsHash) {
    const Token token = make_token("ekp");
    const std::string text(token.text.reveal());
    EXPECT_TRUE(is_id("ekp", token.id));
    EXPECT_EQ(token_id("ekp", text).value(), token.id);
    EXPECT_TRUE(token_matches(text, token.hash));
    EXPECT_EQ(token.hash.size(), 64U);
    EXPECT_EQ(token.hash.find(text), std::string::npos);
}

TEST(Token, AnyOtherTextDoesNotMatch) {
    const Token token = make_token("ekp");
    std::string text(token.text.reveal());
    EXPECT_FALSE(token_matches(make_token("ekp").text.reveal(), token.hash));
    text.back() = text.back() == 'A' ? 'B' : 'A';
    EXPECT_FALSE(token_matches(text, token.hash));
    EXPECT_FALSE(token_matches("", token.hash));
    EXPECT_FALSE(token_matches(token.text.reveal(), ""));
}

TEST(Token, GoesThroughAShellAndAHeaderUnquoted) {
    for (int i = 0; i < 50; ++i) {
        const Token token = make_token("ekp");
        EXPECT_TRUE(std::all_of(
            token.text.reveal().begin(), token.text.reveal().end(),
            [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_'; }));
        EXPECT_TRUE(token_id("ekp", token.text.reveal()));
    }
}

TEST(Token, OtherSpellingsAreRefused) {
    const std::string text(make_token("ekp").text.reveal());
    EXPECT_FALSE(token_id("eke", text));
    EXPECT_FALSE(token_id("ekp", ""));
    EXPECT_FALSE(token_id("ekp", text + "x"));
    EXPECT_FALSE(token_id("ekp", text.substr(1)));
    EXPECT_FALSE(token_id("ekp", text.substr(0, text.size() - 1)));
    EXPECT_FALSE(token_id("ekp", text.substr(0, text.size() - 1) + "="));
    EXPECT_FALSE(token_id("ekp", std::string(1 << 20, '_')));
}

}  // namespace
}  // namespace evenkeel::crypto
