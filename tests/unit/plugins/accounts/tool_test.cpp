#include "plugins/accounts/tool.hpp"

#include <gtest/gtest.h>

#include "tests/unit/plugins/call_frame.hpp"

namespace evenkeel::accounts {
namespace {

using test::CallFrame;
using test::failure_of;

std::string failing(const ToolCall& command, int code, const std::string& output) {
    return failure_of([&] { throw tool_failure(command, code, output); });
}

TEST(AToolsFailure, SaysItsFirstLineAndWhatToMakeOfIt) {
    const ToolCall usermod{"usermod", {}, {}, {"/uid"}};
    EXPECT_EQ(failing(usermod, 8, "usermod: user alice is currently used by process 7\nmore\n"),
              std::to_string(EK_E_CONFLICT) +
                  " /uid: usermod: user alice is currently used by process 7 (exit code 8)");
    const ToolCall both{"usermod", {}, {}, {"/uid", "/home"}};
    EXPECT_EQ(failing(both, 3, ""),
              std::to_string(EK_E_INVALID) + " : usermod says nothing (exit code 3)");
    EXPECT_EQ(failing(both, 12, "a\tb\x01"),
              std::to_string(EK_E_UNAVAILABLE) + " : a b  (exit code 12)");
    EXPECT_EQ(failing(both, 139, "").substr(0, 2), std::to_string(EK_E_INTERNAL));
}

TEST(ATool, ThatIsMissingLeavesTheChangesFailed) {
    CallFrame frame;
    sdk::Changes changes;
    changes.field("/gecos", "1", "2");
    EXPECT_EQ(failure_of([&] {
                  changes.carry_out(frame.call(), [&] {
                      run_tools({{"no-such-tool", {}, {}, {"/gecos"}}}, frame.call(), changes);
                  });
              }),
              std::to_string(EK_E_UNAVAILABLE) + " : there is no /usr/sbin/no-such-tool");
    EXPECT_EQ(frame.changes, "/gecos failed;");
}

TEST(ATool, ThatFailsAfterAnotherSucceededMakesItPartial) {
    CallFrame frame;
    sdk::Changes changes;
    for (const char* field : {"/a", "/b"}) changes.field(field, "1", "2");
    try {
        changes.carry_out(frame.call(), [&] {
            run_tools({{"true", {}, {}, {"/a"}}, {"false", {}, {}, {"/b"}}}, frame.call(), changes);
        });
        FAIL() << "it succeeds";
    } catch (const sdk::Failure& failure) {
        EXPECT_EQ(failure.call_status(), EK_E_PARTIAL);
        // Why the rest was not done is kept.
        EXPECT_NE(failure.status(), EK_E_PARTIAL);
        EXPECT_EQ(failure.diagnostic().status, failure.status());
    }
    EXPECT_EQ(frame.changes, "/a done;/b failed;");
}

}  // namespace
}  // namespace evenkeel::accounts
