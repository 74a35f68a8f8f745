#include "core/secrets/redacted_pointers.hpp"

#include <gtest/gtest.h>

#include "core/json/json.hpp"

namespace evenkeel::secrets {
namespace {

TEST(RedactedPointers, AreFoundAtAnyDepthWithWhatIsInThem) {
    const RedactedPointers redacted(*json::parse(
        R"({"password":{"redacted":"x"},"mode":"0644","keys":[{"a/b":{"redacted":"y"}},"z"]})"));
    for (const char* pointer : {"/password", "/password/redacted", "/keys/0/a~1b"}) {
        EXPECT_TRUE(redacted.cover(pointer)) << pointer;
    }
    for (const char* pointer : {"", "/mode", "/passwords", "/keys", "/keys/0", "/keys/1"}) {
        EXPECT_FALSE(redacted.cover(pointer)) << pointer;
    }
}

}  // namespace
}  // namespace evenkeel::secrets
