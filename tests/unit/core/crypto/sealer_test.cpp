#include "core/crypto/sealer.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "core/base/file.hpp"
#include "core/base/text.hpp"
#include "tests/unit/core/temp_folder.hpp"

namespace evenkeel::crypto {
namespace {

class Sealing : public testing::Test {
  protected:
    Sealer open() const { return Sealer::open(path(), Sealer::Missing::create).value(); }
    Errc refusal(Sealer::Missing missing) const {
        const auto opened = Sealer::open(path(), missing);
        return opened ? Errc::internal : opened.error().code;
    }
    std::string path() const { return folder_ / "key"; }

    test::TempFolder folder_;
};

TEST_F(Sealing, OpensWhatItSealedAfterARestart) {
    const std::string value("p\0w\xff", 4);
    const std::string sealed = open().seal(value, "files");
    EXPECT_EQ(open().unseal(sealed, "files")->reveal(), value);
    EXPECT_EQ(open().unseal(open().seal("", ""), "")->reveal(), "");
}

TEST_F(Sealing, ShowsNothingOfTheValue) {
    const Sealer sealer = open();
    const std::string value = "correct horse battery staple";
    const std::string bytes = from_base64(sealer.seal(value, "x")).value();
    EXPECT_EQ(bytes.find("horse"), std::string::npos);
    EXPECT_NE(sealer.seal(value, "x"), sealer.seal(value, "x"));
}

TEST_F(Sealing, DoesNotOpenInAnotherPlace) {
    const Sealer sealer = open();
    EXPECT_EQ(sealer.unseal(sealer.seal("v", "a"), "b").error().code, Errc::corrupt);
}

TEST_F(Sealing, DoesNotOpenWithAnotherKey) {
    const test::TempFolder other;
    const auto stranger = Sealer::open(other / "key", Sealer::Missing::create);
    EXPECT_EQ(stranger->unseal(open().seal("v", "a"), "a").error().code, Errc::corrupt);
    EXPECT_NE(stranger->fingerprint("v"), open().fingerprint("v"));
}

TEST_F(Sealing, DoesNotOpenWhatWasTamperedWith) {
    const Sealer sealer = open();
    const std::string bytes = from_base64(sealer.seal("value", "a")).value();
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        std::string changed = bytes;
        changed[i] = static_cast<char>(changed[i] ^ 1);
        EXPECT_EQ(sealer.unseal(to_base64(changed), "a").error().code, Errc::corrupt) << i;
    }
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        EXPECT_FALSE(sealer.unseal(to_base64(bytes.substr(0, size)), "a")) << size;
    }
    EXPECT_FALSE(sealer.unseal("not base64!", "a"));
}

TEST_F(Sealing, FingerprintsAreEqualForEqualBytesOnly) {
    const Sealer sealer = open();
    EXPECT_EQ(sealer.fingerprint("a"), open().fingerprint("a"));
    EXPECT_NE(sealer.fingerprint("a"), sealer.fingerprint("b"));
    EXPECT_EQ(sealer.fingerprint("a").size(), 32U);
}

TEST_F(Sealing, MakesTheKeyForItsUserAlone) {
    open();
    struct stat info = {};
    ASSERT_EQ(::stat(path().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777U, 0600U);
    EXPECT_EQ(info.st_size, 32);
}

TEST_F(Sealing, RefusesAMissingKeyWhereOneMustBe) {
    EXPECT_EQ(refusal(Sealer::Missing::refuse), Errc::not_found);
    struct stat info = {};
    EXPECT_NE(::stat(path().c_str(), &info), 0);
}

TEST_F(Sealing, RefusesAKeyThatOthersCanReadOrThatIsNone) {
    ASSERT_TRUE(write_file(path(), std::string(32, 'k'), 0640));
    EXPECT_EQ(refusal(Sealer::Missing::create), Errc::denied);
    ASSERT_TRUE(write_file(path(), std::string(31, 'k'), 0600));
    EXPECT_EQ(refusal(Sealer::Missing::create), Errc::corrupt);
    ASSERT_TRUE(write_file(path(), "", 0600));
    EXPECT_EQ(refusal(Sealer::Missing::create), Errc::corrupt);
}

}  // namespace
}  // namespace evenkeel::crypto
