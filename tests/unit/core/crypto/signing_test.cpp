#include "core/crypto/signing.hpp"

#include <string>

#include <gtest/gtest.h>

#include "core/base/file.hpp"
#include "core/base/text.hpp"
#include "tests/unit/core/temp_folder.hpp"

namespace evenkeel::crypto {
namespace {

// RFC 8032, section 7.1, test 3.
TEST(Signing, IsEd25519) {
    const test::TempFolder folder;
    const std::string path = folder.path() + "/key";
    const std::string seed =
        from_hex("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7").value();
    ASSERT_TRUE(write_file(path, "ed25519-secret:" + to_base64(seed) + "\n", 0600));
    const auto key = SigningKey::read(path);
    ASSERT_TRUE(key) << key.error().what;
    EXPECT_EQ(key->verify_key().text(),
              "ed25519:" + to_base64(from_hex("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5d"
                                              "eb911548908025")
                                         .value()));
    EXPECT_EQ(
        to_hex(key->sign(from_hex("af82").value())),
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f7"
        "60984dc6594a7c15e9716ed28dc027beceea1ec40a");
}

TEST(Signing, OnlyThisKeyAndThisMessage) {
    const SigningKey key = SigningKey::generate();
    const std::string signature = key.sign("words");
    const VerifyKey shown = VerifyKey::parse(key.verify_key().text() + "\n").value();
    EXPECT_EQ(shown.id(), key.verify_key().id());
    EXPECT_TRUE(shown.verifies("words", signature));
    EXPECT_FALSE(shown.verifies("word", signature));
    EXPECT_FALSE(shown.verifies("words", signature.substr(1)));
    EXPECT_FALSE(SigningKey::generate().verify_key().verifies("words", signature));
}

TEST(Signing, AKeyIsOneLineOfText) {
    for (const char* text : {"", "ed25519:", "ed25519:AAAA", "rsa:AAAA",
                             "ed25519:not base64 at all, but 44 characters long  "})
        EXPECT_FALSE(VerifyKey::parse(text)) << text;
}

TEST(Signing, AKeyThatOthersCanReadIsRefused) {
    const test::TempFolder folder;
    const std::string path = folder.path() + "/key";
    const SigningKey key = SigningKey::generate();
    ASSERT_TRUE(write_file(path, key.text().reveal(), 0600));
    EXPECT_EQ(SigningKey::read(path)->verify_key().id(), key.verify_key().id());
    ASSERT_TRUE(write_file(path, key.text().reveal(), 0644));
    EXPECT_EQ(SigningKey::read(path).error().code, Errc::denied);
}

}  // namespace
}  // namespace evenkeel::crypto
