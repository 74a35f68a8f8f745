#include "core/base/log.hpp"

#include <gtest/gtest.h>

namespace evenkeel {
namespace {

// What `write` puts on standard error.
template <typename F>
std::string logged(F write) {
    testing::internal::CaptureStderr();
    write();
    return testing::internal::GetCapturedStderr();
}

TEST(Log, OneEntryIsOneLineWhateverIsInIt) {
    const std::string text = logged([] {
        log::warning("refused", {{"id", "a\nb\x1b[2J"}, {"peer", "x"}});
    });
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1) << text;
    EXPECT_EQ(text.find('\x1b'), std::string::npos);
    EXPECT_NE(text.find("refused"), std::string::npos);
    EXPECT_NE(text.find("peer=x"), std::string::npos);
}

TEST(Log, DropsWhatIsBelowItsLevel) {
    log::set_level(log::Level::warning);
    EXPECT_EQ(logged([] { log::info("quiet"); }), "");
    EXPECT_NE(logged([] { log::error("loud"); }), "");
    EXPECT_FALSE(log::set_level("shout"));
    EXPECT_EQ(logged([] { log::info("quiet"); }), "");
    EXPECT_TRUE(log::set_level("info"));
    EXPECT_NE(logged([] { log::info("heard"); }), "");
}

}  // namespace
}  // namespace evenkeel
