#include <evenkeel/cpp/base64.hpp>
#include <gtest/gtest.h>

namespace evenkeel::sdk {
namespace {

TEST(Base64, AgreesWithRfc4648) {
    EXPECT_EQ(encode_base64(""), "");
    EXPECT_EQ(encode_base64("f"), "Zg==");
    EXPECT_EQ(encode_base64("fo"), "Zm8=");
    EXPECT_EQ(encode_base64("foobar"), "Zm9vYmFy");
    EXPECT_EQ(decode_base64(""), "");
    EXPECT_EQ(decode_base64("Zm9vYg=="), "foob");
    EXPECT_EQ(decode_base64("AP+A"), std::string("\0\xff\x80", 3));
}

TEST(Base64, ReadsBackEveryByte) {
    std::string bytes;
    for (int i = 0; i < 256; ++i) {
        bytes.push_back(static_cast<char>(i));
        ASSERT_EQ(decode_base64(encode_base64(bytes)), bytes);
    }
}

TEST(Base64, RefusesWhatIsNotCanonical) {
    for (const char* text :
         {"a", "Zg", "Zg=", "Z===", "====", "a===", "Zh==", "Zm9=", "Z g=", "Zg==Zg==", "Zg=a",
          "Zm9v\n", "Zm-_", "aGVsbG8", "aGVsbG9=", "aGVs bG8=", "aG=sbG8="})
        EXPECT_EQ(decode_base64(text), std::nullopt) << text;
}

}  // namespace
}  // namespace evenkeel::sdk
