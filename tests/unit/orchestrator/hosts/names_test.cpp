#include "orchestrator/hosts/names.hpp"

#include "orchestrator/hosts/lifecycle.hpp"
#include "orchestrator/hosts/replacement.hpp"
#include "orchestrator/state/steady_clock.hpp"
#include "tests/unit/orchestrator/fixture.hpp"

namespace evenkeel::hosts {
namespace {

TEST(Names, KeepWhatCannotHurt) {
    EXPECT_EQ(tidy_name("web-1.example_x"), "web-1.example_x");
    EXPECT_EQ(tidy_name("<img src=x>"), "imgsrcx");
    EXPECT_EQ(tidy_name("'; rm -rf /"), "rm-rf");
    EXPECT_EQ(tidy_name("--"), "host");
    EXPECT_EQ(tidy_name(""), "host");
    EXPECT_FALSE(is_name("host_0192f0c1-0000-7000-8000-000000000001"));
}

// web1 is retired, db1 wants its name.
class KeptNames : public test::StateTest {
  protected:
    static constexpr std::int64_t kKeptMs = std::chrono::milliseconds(kNameKept).count();

    void SetUp() override {
        StateTest::SetUp();
        retired_ = host_;
        host_ = "host_0192f0c1-0000-7000-8000-000000000002";
        add_host("db1");
        change([&](state::Edit& edit) -> Result<void> {
            state::Host host = *EK_TRY(edit.hosts().find(retired_));
            host.key_sha256 = "its key";
            return edit.hosts().put(host);
        });
        work_on_retired(retire);
    }
    void work_on_retired(Result<state::Host> work(state::Edit&, const std::string&)) {
        change([&](state::Edit& edit) -> Result<void> {
            EK_CHECK(work(edit, retired_));
            return {};
        });
    }
    Result<void> rename(const std::string& name) {
        return try_change([&](state::Edit& edit) -> Result<void> {
            EK_CHECK(hosts::change(edit, host_, {.name = name, .labels = {}}));
            return {};
        });
    }
    void retired_before(std::int64_t ms) {
        change([&](state::Edit& edit) -> Result<void> {
            state::Host host = *EK_TRY(edit.hosts().find(retired_));
            host.retired_at_ms = edit.clock().now_ms() - ms;
            return edit.hosts().put(host);
        });
    }
    std::string name_for(const std::string& key) {
        return *free_name(read(), "web1", state_->clock().now_ms(), key);
    }
    std::string holder() { return (*read().hosts().id_of("web1")).value_or(""); }

    std::string retired_;
};

TEST_F(KeptNames, ARetiredHostsNameIsRefusedWithTheHostTheEndAndTheWayOut) {
    const std::string year = to_rfc3339(now_unix_ms() + kKeptMs).substr(0, 4);
    const auto done = rename("web1");
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, Errc::conflict);
    for (const std::string& part : {retired_, "until " + year, "ek release name " + retired_,
                                    "/v1/hosts/" + retired_ + ":release-name"}) {
        EXPECT_NE(done.error().what.find(part), std::string::npos) << done.error().what;
    }
    EXPECT_EQ(name_for(""), "web1-2");
    EXPECT_EQ(name_for("another key"), "web1-2");
    // A host that is there does not know of any of this.
    EXPECT_EQ(rename("db1").has_value(), true);
}

TEST_F(KeptNames, ThirtyDaysBelongToTheHostAndOutliveARestart) {
    retired_before(kKeptMs - 600'000);
    state_.reset();
    open();
    EXPECT_FALSE(rename("web1"));
    retired_before(kKeptMs);
    EXPECT_EQ(name_for(""), "web1");
    ASSERT_TRUE(rename("web1"));
    EXPECT_EQ(holder(), host_);
}

TEST_F(KeptNames, AReleasedNameIsFreeAtOnceAndReleasingItAgainChangesNothing) {
    work_on_retired(release_name);
    EXPECT_EQ(last_event("host.changed").string_or("id"), retired_);
    EXPECT_EQ(holder(), "");
    const std::size_t events = event_types().size();
    work_on_retired(release_name);
    EXPECT_EQ(event_types().size(), events);
    ASSERT_TRUE(rename("web1"));
    // It is another host's now.
    work_on_retired(release_name);
    EXPECT_EQ(holder(), host_);
}

TEST_F(KeptNames, OnlyARetiredHostsNameIsReleased) {
    const auto done = try_change([&](state::Edit& edit) -> Result<void> {
        EK_CHECK(release_name(edit, host_));
        return {};
    });
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, Errc::conflict);
}

TEST_F(KeptNames, TheKeyOfTheRetiredHostHasItsNameAgain) {
    EXPECT_EQ(name_for("its key"), "web1");
}

TEST_F(KeptNames, WhoeverTakesItsPlaceHasItsNameAlsoWhenTheTimeIsOver) {
    retired_before(2 * kKeptMs);
    change([&](state::Edit& edit) -> Result<void> {
        const state::Host host = EK_TRY(vacate(edit, retired_));
        EXPECT_EQ(host.name, "web1");
        return edit.hosts().put(host);
    });
    // It is active: its name is its own for good.
    const auto done = rename("web1");
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().what, "another host has the name web1");
}

TEST_F(KeptNames, WhoeverTakesItsPlaceHasASimilarNameWhenItWasTaken) {
    work_on_retired(release_name);
    ASSERT_TRUE(rename("web1"));
    change([&](state::Edit& edit) -> Result<void> {
        EXPECT_EQ(EK_TRY(vacate(edit, retired_)).name, "web1-2");
        return {};
    });
}

}  // namespace
}  // namespace evenkeel::hosts
