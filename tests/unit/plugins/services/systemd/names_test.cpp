#include "plugins/services/systemd/names.hpp"

#include <gtest/gtest.h>

namespace evenkeel::services {
namespace {

TEST(AUnitsName, IsTheIdWithASuffix) {
    EXPECT_EQ(unit_of("ssh"), "ssh.service");
    EXPECT_EQ(id_of("ssh.service"), "ssh");
    EXPECT_EQ(id_of("getty@tty1.service"), "getty@tty1");
}

TEST(AUnitsName, OfAnotherKindOrOfATemplateIsNoId) {
    for (const char* unit :
         {"ssh.socket", "getty@.service", ".service", "ssh", "a.service.service"})
        EXPECT_EQ(id_of(unit), std::nullopt) << unit;
}

TEST(AUnitsName, OfAnInstanceHasATemplate) {
    EXPECT_EQ(template_of("getty@tty1.service"), "getty@.service");
    for (const char* unit : {"ssh.service", "getty@.service", "getty@tty1"})
        EXPECT_EQ(template_of(unit), std::nullopt) << unit;
}

}  // namespace
}  // namespace evenkeel::services
