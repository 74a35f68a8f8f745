#include "tests/unit/plugins/services/systemd/unit.hpp"

#include <gtest/gtest.h>

namespace evenkeel::services {
namespace {

TEST(Unit, CountsAsWhatItsJobMakesOfIt) {
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

TEST(Unit, ExistsWhileItHasAFileOrRuns) {
    EXPECT_TRUE(exists(unit("inactive", "dead", "static")));
    Unit broken = unit("inactive", "dead", "");
    broken.load_state = "bad-setting";
    EXPECT_TRUE(exists(broken));
    for (const char* load_state : {"loaded", "not-found"}) {
        Unit gone = unit("inactive", "dead", "");
        gone.load_state = load_state;
        EXPECT_FALSE(exists(gone));
        gone.active_state = "active";
        EXPECT_TRUE(exists(gone));
    }
}

TEST(Unit, LeavesOutOfItsStateWhatIsNotKnown) {
    EXPECT_EQ(service_of(unit("active", "running", "")).state.find("unit_file_state"),
              std::string::npos);
    EXPECT_NE(service_of(unit("active", "running", "enabled")).state.find("\"enabled\":true"),
              std::string::npos);
}

TEST(Unit, HasADescriptionOnlyWhereThereIsSomethingToSet) {
    EXPECT_EQ(service_of(unit("active", "running", "enabled")).description,
              R"({"running":true,"enabled":true})");
    EXPECT_EQ(service_of(unit("inactive", "dead", "masked")).description, R"({"masked":true})");
    for (const char* file_state : {"static", "generated", "transient", ""})
        EXPECT_EQ(service_of(unit("active", "running", file_state)).description, std::nullopt);
}

}  // namespace
}  // namespace evenkeel::services
