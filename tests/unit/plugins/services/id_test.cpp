#include "plugins/services/id.hpp"

#include <string>

#include <evenkeel/cpp/failure.hpp>
#include <gtest/gtest.h>

namespace evenkeel::services {
namespace {

// "" for an id.
std::string refusal_of(const std::string& id) {
    try {
        require_id(id);
        return "";
    } catch (const sdk::Failure& failure) {
        return failure.status() == EK_E_INVALID ? failure.what() : "another status";
    }
}

TEST(AServicesId, IsTheNameOfAUnitWithoutItsSuffix) {
    for (const std::string& id : {std::string("ssh"), std::string("getty@tty1"),
                                  std::string("a:b_c.d\\x2d-e@f@g"), std::string(247, 'a')})
        EXPECT_EQ(refusal_of(id), "") << id;
}

TEST(AServicesId, ThatIsNoneIsRefusedNamingTheRightOne) {
    EXPECT_EQ(refusal_of("ssh.service"), "the id of the service ssh.service is \"ssh\"");
    EXPECT_EQ(refusal_of("getty@"), "getty@ is a template and needs an instance");
    for (const std::string& bad : {std::string(), std::string("@x"), std::string("a/b"),
                                   std::string("a b"), std::string("a\0b", 3), std::string("a\nb"),
                                   std::string("\xc3\xa4"), std::string(248, 'a')})
        EXPECT_NE(refusal_of(bad).find("is no name of a service"), std::string::npos) << bad;
}

}  // namespace
}  // namespace evenkeel::services
