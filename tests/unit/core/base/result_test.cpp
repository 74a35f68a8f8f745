#include "core/base/result.hpp"

#include <cerrno>
#include <memory>

#include <gtest/gtest.h>

namespace evenkeel {
namespace {

Result<int> half(int number) {
    if (number % 2 != 0) return fail(Errc::invalid, std::to_string(number) + " is odd");
    return number / 2;
}

Result<int> quarter(int number) {
    const int halved = EK_TRY(half(number));
    return EK_TRY(half(halved));
}

Result<void> check_half(int number) {
    const auto done = half(number);
    if (!done) return fail("halving", done.error());
    return {};
}

Result<int> checked(int number) {
    EK_CHECK(check_half(number));
    return 1;
}

TEST(Result, TryPassesTheValueOrTheErrorOn) {
    EXPECT_EQ(quarter(8).value(), 2);
    EXPECT_EQ(quarter(6).error().what, "3 is odd");
}

TEST(Result, CheckPassesTheErrorOnWithItsContext) {
    EXPECT_EQ(checked(2).value(), 1);
    EXPECT_EQ(checked(3).error().code, Errc::invalid);
    EXPECT_EQ(checked(3).error().what, "halving: 3 is odd");
}

TEST(Result, TryMovesWhatCannotBeCopied) {
    const auto make = []() -> Result<std::unique_ptr<int>> { return std::make_unique<int>(7); };
    const auto take = [&]() -> Result<int> {
        const std::unique_ptr<int> taken = EK_TRY(make());
        return *taken;
    };
    EXPECT_EQ(take().value(), 7);
}

TEST(Errc, EveryNameReadsBack) {
    for (int i = 0; i <= static_cast<int>(Errc::internal); ++i) {
        const auto code = static_cast<Errc>(i);
        EXPECT_EQ(errc_from(to_string(code)), code) << to_string(code);
    }
    EXPECT_EQ(to_string(Errc::not_found), "not-found");
    EXPECT_EQ(errc_from("something else"), Errc::internal);
}

TEST(SystemError, NamesWhatWasDoneAndMapsTheNumber) {
    EXPECT_EQ(system_error(ENOENT, "open x").code, Errc::not_found);
    EXPECT_EQ(system_error(EACCES, "open x").code, Errc::denied);
    EXPECT_EQ(system_error(EPERM, "open x").code, Errc::denied);
    EXPECT_EQ(system_error(EEXIST, "make x").code, Errc::conflict);
    EXPECT_EQ(system_error(ENOSPC, "write x").code, Errc::limit);
    EXPECT_NE(system_error(ENOENT, "open x").what.find("open x"), std::string::npos);
}

}  // namespace
}  // namespace evenkeel
