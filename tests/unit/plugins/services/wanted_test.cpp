#include "plugins/services/wanted.hpp"

#include <evenkeel/cpp/failure.hpp>
#include <gtest/gtest.h>

namespace evenkeel::services {
namespace {

Unit unit(const std::string& active, const std::string& sub, const std::string& file_state) {
    Unit made;
    made.name = "x.service";
    made.load_state = "loaded";
    made.active_state = active;
    made.sub_state = sub;
    made.file_state = file_state;
    made.result = "success";
    return made;
}

// The paths that would change, or the refusal's status.
std::string told(const Unit& now, const std::string& description) {
    try {
        const sdk::Changes changes = difference(now, wanted_from(description));
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

TEST(Unit, RunsWhereItsJobTakesItWhileOneIsUnderWay) {
    EXPECT_TRUE(is_running(unit("active", "running", "")));
    EXPECT_TRUE(is_running(unit("reloading", "reload", "")));
    EXPECT_TRUE(is_running(unit("activating", "start", "")));
    EXPECT_FALSE(is_running(unit("activating", "auto-restart", "")));
    EXPECT_FALSE(is_running(unit("deactivating", "stop-sigterm", "")));
    EXPECT_FALSE(is_running(unit("failed", "failed", "")));
    Unit restarting = unit("deactivating", "stop-sigterm", "");
    restarting.job = 7;
    restarting.job_type = "restart";
    EXPECT_TRUE(is_running(restarting));
    restarting.job_type = "stop";
    EXPECT_FALSE(is_running(restarting));
}

TEST(Unit, IsThereWhileAnythingOfItIs) {
    Unit gone = unit("inactive", "dead", "");
    EXPECT_TRUE(is_there(gone));
    gone.load_state = "not-found";
    EXPECT_FALSE(is_there(gone));
    gone.active_state = "active";
    EXPECT_TRUE(is_there(gone));
}

TEST(Unit, StateLeavesOutWhatIsNotKnown) {
    EXPECT_EQ(state_of(unit("active", "running", "")).find("unit_file_state"), std::string::npos);
    EXPECT_NE(state_of(unit("active", "running", "enabled")).find("\"enabled\":true"),
              std::string::npos);
}

TEST(Wanted, ChangesWhatIsDescribedAndDiffers) {
    const Unit now = unit("active", "running", "disabled");
    EXPECT_EQ(told(now, "{}"), "");
    EXPECT_EQ(told(now, R"({"running":true,"enabled":false,"masked":false})"), "");
    EXPECT_EQ(told(now, R"({"running":false,"enabled":true})"), "/running/enabled");
    EXPECT_EQ(told(now, R"({"running":false,"masked":true})"), "/running/masked");
    EXPECT_EQ(told(unit("inactive", "dead", "masked-runtime"), R"({"masked":false})"), "/masked");
    EXPECT_EQ(told(unit("inactive", "dead", "enabled-runtime"), R"({"enabled":true})"), "/enabled");
}

TEST(Wanted, RefusesContradictions) {
    const Unit now = unit("inactive", "dead", "disabled");
    EXPECT_EQ(told(now, R"({"running":true,"masked":true})"), code(EK_E_INVALID, "/running"));
    EXPECT_EQ(told(now, R"({"enabled":true,"masked":true})"), code(EK_E_INVALID, "/enabled"));
    EXPECT_EQ(told(now, R"({"running":1})"), code(EK_E_INVALID, "/running"));
}

TEST(Wanted, RefusesWhatTheUnitCannotDo) {
    EXPECT_EQ(told(unit("inactive", "dead", "static"), R"({"enabled":true})"),
              code(EK_E_UNSUPPORTED, "/enabled"));
    EXPECT_EQ(told(unit("inactive", "dead", "static"), R"({"enabled":false})"), "");
    EXPECT_EQ(told(unit("inactive", "dead", "masked"), R"({"running":true})"),
              code(EK_E_CONFLICT, "/running"));
    EXPECT_EQ(told(unit("inactive", "dead", "masked"), R"({"running":true,"masked":false})"),
              "/running/masked");
    Unit broken = unit("inactive", "dead", "disabled");
    broken.load_state = "bad-setting";
    EXPECT_EQ(told(broken, R"({"running":true})"), code(EK_E_CONFLICT, "/running"));
}

}  // namespace
}  // namespace evenkeel::services
