#include "plugins/services/desired.hpp"

#include <evenkeel/cpp/failure.hpp>
#include <gtest/gtest.h>

#include "tests/unit/plugins/services/systemd/unit.hpp"

namespace evenkeel::services {
namespace {

// The paths that would change, or the status and path of the failure.
std::string changed_paths(const Unit& now, const std::string& description) {
    try {
        const sdk::Changes changes = difference(service_of(now), parse_desired(description));
        std::string all;
        for (const char* path : {"/running", "/enabled", "/masked"})
            if (changes.has(path)) all += path;
        return all;
    } catch (const sdk::Failure& failure) {
        return std::to_string(failure.status()) + std::string(sdk::view(failure.diagnostic().path));
    }
}

std::string code(ek_status status, const std::string& path) {
    return std::to_string(status) + path;
}

TEST(DesiredService, ChangesWhatIsDescribedAndDiffers) {
    const Unit now = unit("active", "running", "disabled");
    EXPECT_EQ(changed_paths(now, "{}"), "");
    EXPECT_EQ(changed_paths(now, R"({"running":true,"enabled":false,"masked":false})"), "");
    EXPECT_EQ(changed_paths(now, R"({"running":false,"enabled":true})"), "/running/enabled");
    EXPECT_EQ(changed_paths(now, R"({"running":false,"masked":true})"), "/running/masked");
    EXPECT_EQ(changed_paths(unit("inactive", "dead", "masked-runtime"), R"({"masked":false})"),
              "/masked");
    EXPECT_EQ(changed_paths(unit("inactive", "dead", "enabled-runtime"), R"({"enabled":true})"),
              "/enabled");
}

TEST(DesiredService, RefusesContradictions) {
    const Unit now = unit("inactive", "dead", "disabled");
    EXPECT_EQ(changed_paths(now, R"({"running":true,"masked":true})"),
              code(EK_E_INVALID, "/running"));
    EXPECT_EQ(changed_paths(now, R"({"enabled":true,"masked":true})"),
              code(EK_E_INVALID, "/enabled"));
    EXPECT_EQ(changed_paths(now, R"({"running":1})"), code(EK_E_INVALID, "/running"));
}

TEST(DesiredService, RefusesWhatTheUnitCannotDo) {
    EXPECT_EQ(changed_paths(unit("inactive", "dead", "static"), R"({"enabled":true})"),
              code(EK_E_NOT_FOUND, "/enabled"));
    EXPECT_EQ(changed_paths(unit("inactive", "dead", "generated"), R"({"enabled":true})"),
              code(EK_E_UNSUPPORTED, "/enabled"));
    EXPECT_EQ(changed_paths(unit("inactive", "dead", "static"), R"({"enabled":false})"), "");
    EXPECT_EQ(changed_paths(unit("inactive", "dead", "masked"), R"({"running":true})"),
              code(EK_E_CONFLICT, "/running"));
    EXPECT_EQ(
        changed_paths(unit("inactive", "dead", "masked"), R"({"running":true,"masked":false})"),
        "/running/masked");
    Unit broken = unit("inactive", "dead", "disabled");
    broken.load_state = "bad-setting";
    EXPECT_EQ(changed_paths(broken, R"({"running":true})"), code(EK_E_CONFLICT, "/running"));
}

}  // namespace
}  // namespace evenkeel::services
