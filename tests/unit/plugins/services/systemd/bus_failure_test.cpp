#include "plugins/services/systemd/bus_failure.hpp"

#include <cerrno>

#include <gtest/gtest.h>

namespace evenkeel::services {
namespace {

TEST(BusFailure, HasSystemdsWordsAStatusAndAdvice) {
    const sd_bus_error masked{"org.freedesktop.systemd1.UnitMasked", "Unit x is masked.", 0};
    const sdk::Failure failure = bus_failure(masked, "start x");
    EXPECT_STREQ(failure.what(), "cannot start x: Unit x is masked.");
    EXPECT_EQ(failure.status(), EK_E_CONFLICT);
    EXPECT_GT(failure.diagnostic().detail.len, 0u);
    const sd_bus_error busy{"org.freedesktop.systemd1.TransactionIsDestructive", "no", 0};
    EXPECT_GT(bus_failure(busy, "stop x").diagnostic().retry_after_ms, 0u);
    EXPECT_EQ(bus_failure({"org.example.New", nullptr, 0}, "stop x").status(), EK_E_INTERNAL);
}

TEST(BusFailure, IsUnavailableWhenTheBusIsAway) {
    EXPECT_EQ(bus_lost(-ECONNREFUSED).status(), EK_E_UNAVAILABLE);
    EXPECT_EQ(bus_lost(-EACCES).status(), EK_E_DENIED);
}

}  // namespace
}  // namespace evenkeel::services
