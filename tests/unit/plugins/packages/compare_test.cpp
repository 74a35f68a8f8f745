#include "plugins/packages/compare.hpp"

#include <gtest/gtest.h>

#include "tests/unit/plugins/call_frame.hpp"

namespace evenkeel::packages {
namespace {

using test::CallFrame;
using test::failure_of;

std::string drift(std::string_view desired, std::string_view actual) {
    CallFrame call;
    compare(call.call(), desired, actual);
    return call.differences;
}

constexpr std::string_view kSound =
    R"({"version":"1.0","condition":"installed","hold":false,"candidate":"2.0",)"
    R"("lists_stale":false})";

TEST(PackagesCompare, TellsTheDescribedFieldsThatDiffer) {
    EXPECT_EQ(drift("{}", kSound), "");
    EXPECT_EQ(drift(R"({"version":"1.0","hold":false})", kSound), "");
    EXPECT_EQ(drift(R"({"version":"1.1","hold":true})", kSound),
              "/hold false>true;/version \"1.0\">\"1.1\";");
}

TEST(PackagesCompare, TakesLatestForTheCandidate) {
    EXPECT_EQ(drift(R"({"version":"latest"})", kSound), "/version \"1.0\">\"2.0\";");
    EXPECT_EQ(drift(R"({"version":"latest"})", R"({"version":"2.0","candidate":"2.0"})"), "");
}

TEST(PackagesCompare, DoesNotJudgeLatestByOldOrMissingLists) {
    for (const char* state : {R"({"version":"1.0","candidate":"2.0","lists_stale":true})",
                              R"({"version":"1.0","lists_stale":false})"})
        EXPECT_NE(failure_of([&] { drift(R"({"version":"latest"})", state); }, EK_E_STALE)
                      .find("the lists of packages are too old"),
                  std::string::npos);
    EXPECT_EQ(drift(R"({"version":"1.0"})", R"({"version":"1.0","lists_stale":true})"), "");
}

TEST(PackagesCompare, CallsWhatIsThereOnlyForOthersDrift) {
    EXPECT_EQ(drift("{}", R"({"version":"1.0","automatic":true})"), "/automatic true>false;");
    EXPECT_EQ(drift("{}", R"({"version":"1.0","automatic":false})"), "");
}

TEST(PackagesCompare, CallsWhatIsNotWhollyInstalledDrift) {
    EXPECT_EQ(drift("{}", R"({"version":"1.0","condition":"half-configured"})"),
              "/condition \"half-configured\">\"installed\";");
}

}  // namespace
}  // namespace evenkeel::packages
