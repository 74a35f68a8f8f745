#include "plugins/services/names.hpp"

#include <cerrno>

#include <gtest/gtest.h>

#include "plugins/services/bus_failure.hpp"

namespace evenkeel::services {
namespace {

std::string refusal_of(const std::string& id) {
    try {
        return unit_of(id);
    } catch (const sdk::Failure& failure) {
        return failure.status() == EK_E_INVALID ? failure.what() : "another status";
    }
}

TEST(Names, AreUnitsWithoutTheirSuffix) {
    EXPECT_EQ(unit_of("ssh"), "ssh.service");
    EXPECT_EQ(unit_of("getty@tty1"), "getty@tty1.service");
    EXPECT_EQ(unit_of("a:b_c.d\\x2d-e@f@g"), "a:b_c.d\\x2d-e@f@g.service");
    EXPECT_EQ(unit_of(std::string(247, 'a')).size(), 255u);
}

TEST(Names, RefuseWhatIsNoneAndNameTheRightOne) {
    EXPECT_EQ(refusal_of("ssh.service"), "the id of the service ssh.service is \"ssh\"");
    EXPECT_EQ(refusal_of("getty@"), "getty@ is a template and needs an instance");
    for (const std::string& bad : {std::string(), std::string("@x"), std::string("a/b"),
                                   std::string("a b"), std::string("a\0b", 3), std::string("a\nb"),
                                   std::string("\xc3\xa4"), std::string(248, 'a')})
        EXPECT_NE(refusal_of(bad).find("is no name of a service"), std::string::npos) << bad;
}

TEST(Names, OfUnitsOfOtherKindsAndOfTemplatesAreNoIds) {
    EXPECT_EQ(id_of("ssh.service"), "ssh");
    EXPECT_EQ(id_of("getty@tty1.service"), "getty@tty1");
    for (const char* unit :
         {"ssh.socket", "getty@.service", ".service", "ssh", "a.service.service"})
        EXPECT_EQ(id_of(unit), std::nullopt) << unit;
}

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
